// Whether two values say the same.

/** Compares numbers, texts, arrays and objects of such; of objects that were written alike, with their keys in one order. */
export function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const [one, other] = [Object.entries(a), Object.entries(b)];
  return one.length === other.length && one.every(([key, value], at) => key === other[at]?.[0] && same(value, other[at][1]));
}
