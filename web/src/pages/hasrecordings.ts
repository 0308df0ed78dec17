// Whether the server records, which decides about a link on every page.
import { signal } from "@preact/signals";

const KEY = "razz.has-recordings";

/** As the last answer said, so that the link stands still from page to page. */
export const hasRecordings = signal(read());

let asked = false;

/** Asks, once for a page. What is no answer to this question, such as a sign-in, changes nothing. */
export function learnRecordings(): void {
  if (asked) return;
  asked = true;
  void ask().catch(() => {
    asked = false;
  });
}

async function ask(): Promise<void> {
  const answer = await fetch("api/recordings?from=0&to=1&points=1", { headers: { Accept: "application/json" }, cache: "no-store" });
  if (answer.status === 404) keep(false);
  else if (answer.ok) keep(((await answer.json()) as { cameras: unknown[] }).cameras.length > 0);
}

function keep(now: boolean): void {
  hasRecordings.value = now;
  try {
    localStorage.setItem(KEY, now ? "yes" : "no");
  } catch {
    // A full or forbidden store: the link comes a moment late on each page.
  }
}

function read(): boolean {
  try {
    return localStorage.getItem(KEY) === "yes";
  } catch {
    return false;
  }
}
