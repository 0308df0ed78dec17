// What is usual: the same hours of the same weekday in the four weeks before.
import { shiftDays } from "./range";
import { COVERED, type Count, type Series } from "./sums";

/** Weeks that are looked back. */
export const WEEKS = 4;
/** What a day is compared with takes so many days of counts, a week of them shown. */
export const HISTORY_DAYS = 35;
/** One week alone is no custom. */
const FEWEST = 2;

/** The least, the middle and the most of the weeks that are known. */
export interface Usual {
  low: number;
  mid: number;
  high: number;
}

/**
 * How many there were between two moments; of a step that reaches beyond them, as large a part as lies between. Null where
 * not all of it was watched.
 */
export function countIn({ at, watched, ...counts }: Series, step: number, key: Count, from: number, to: number): number | null {
  let [sum, known] = [0, 0];
  for (let i = firstAfter(at, from - step); i < at.length; i++) {
    const begin = at[i] ?? 0;
    const part = Math.min(to, begin + step) - Math.max(from, begin);
    if (begin >= to) break;
    if (part <= 0) continue;
    if ((watched[i] ?? 0) < COVERED) return null;
    sum += ((counts[key][i] ?? 0) * part) / step;
    known += part;
  }
  return known >= (to - from) * 0.99 ? sum : null;
}

/** Index of the first of ascending numbers that is greater than `t`. */
function firstAfter(at: readonly number[], t: number): number {
  let [low, high] = [0, at.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((at[middle] ?? 0) > t) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** What is usual between two moments; null where fewer than two of the weeks are known. */
export function usualIn(history: Series, step: number, key: Count, from: number, to: number): Usual | null {
  const weeks: number[] = [];
  for (let week = 1; week <= WEEKS; week++) {
    const count = countIn(history, step, key, shiftDays(from, -7 * week), shiftDays(to, -7 * week));
    if (count !== null) weeks.push(count);
  }
  if (weeks.length < FEWEST) return null;
  weeks.sort((a, b) => a - b);
  const middle = (weeks.length - 1) / 2;
  return { low: weeks[0] ?? 0, mid: ((weeks[Math.floor(middle)] ?? 0) + (weeks[Math.ceil(middle)] ?? 0)) / 2, high: weeks.at(-1) ?? 0 };
}
