// Who is looking at the page, as the server knows them.
import { signal } from "@preact/signals";
import type { Me } from "../wire";
import { fetchMe, signOut } from "./api";

/** Null until the server has answered. */
export const me = signal<Me | null>(null);

let asked = false;

/** Asks who it is, once for a page. */
export function learnMe(): void {
  if (asked) return;
  asked = true;
  void fetchMe().then((answer) => {
    if (answer.ok) me.value = answer.value;
    else asked = false;
  });
}

/** Signs out and leads to the sign-in. */
export async function leave(): Promise<void> {
  await signOut();
  location.assign("sign-in.html");
}
