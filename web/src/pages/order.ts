// The order of the tiles, as the viewer arranged them; kept in this browser.

const KEY = "razz.live.order";

/** `items` in the order of `ids`; those it does not name come behind, in their own order. */
export function arranged<T extends { id: number }>(items: readonly T[], ids: readonly number[]): T[] {
  const place = new Map(ids.map((id, at) => [id, at]));
  return [...items].sort((a, b) => (place.get(a.id) ?? Infinity) - (place.get(b.id) ?? Infinity) || 0);
}

/** `ids` with `id` moved to the place `to`. */
export function moved(ids: readonly number[], id: number, to: number): number[] {
  const rest = ids.filter((other) => other !== id);
  rest.splice(Math.max(0, Math.min(rest.length, to)), 0, id);
  return rest;
}

/** What was kept; nothing if there is nothing to be read. */
export function readOrder(storage: Pick<Storage, "getItem">): number[] {
  try {
    const kept: unknown = JSON.parse(storage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.filter((id): id is number => Number.isInteger(id)) : [];
  } catch {
    return [];
  }
}

/** Keeps `ids`, where the browser lets us. */
export function keepOrder(storage: Pick<Storage, "setItem">, ids: readonly number[]): void {
  try {
    storage.setItem(KEY, JSON.stringify(ids));
  } catch {
    // A full or forbidden store: the order lasts as long as the page.
  }
}
