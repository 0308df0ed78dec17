// Which visits the viewer has not looked at: what came since the last time the page was open, in this browser.
import type { Visit } from "./recordings";

const KEY = "razz.playback.looked";

/** When the page was last left, in UNIX seconds; null on the first visit, when nothing can be new. */
export function readLooked(storage: Pick<Storage, "getItem">): number | null {
  try {
    const kept = Number(storage.getItem(KEY) ?? NaN);
    return Number.isFinite(kept) && kept > 0 ? kept : null;
  } catch {
    return null;
  }
}

/** Keeps that it is left now, where the browser lets us. */
export function keepLooked(storage: Pick<Storage, "setItem">, now: number): void {
  try {
    storage.setItem(KEY, String(Math.floor(now)));
  } catch {
    // A full or forbidden store: then nothing is marked new.
  }
}

/** Whether a visit came since `looked` and was not jumped to. */
export function isNew({ id, to }: Pick<Visit, "id" | "to">, looked: number | null, visited: ReadonlySet<string>): boolean {
  return looked !== null && to.unix > looked && !visited.has(id);
}
