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
  fetch("api/recordings?from=0&to=1&points=1", { headers: { Accept: "application/json" }, cache: "no-store" }).then(({ ok, status }) => {
    if (ok || status === 404) keep(ok);
  }).catch(() => {
    asked = false;
  });
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
