// The sentence at the top: what there is to know at first sight.
import { counted, decimal, whole } from "../facts/numbers";
import { previousWords, type RangeName } from "./range";

/** What it is made of. */
export interface Known {
  range: RangeName;
  /** What is counted: "in" through lines, or visits where there are zones only. */
  what: "in" | "visits";
  count: number;
  /** What is usual by this time; null where nobody knows. */
  usual: number | null;
  /** What there was in the time before; null where it is not compared, or not known. */
  previous: number | null;
  /** Null where there is no zone. */
  inside: number | null;
  /** Share of the time that was watched. */
  watched: number;
  /** "Tuesday". */
  weekday: string;
}

/** Below this a difference is none: nobody acts on it. */
const SAME = 0.03;
/** Shares of less than this many are chance. */
const FEW = 5;

const WHEN: Record<RangeName, string> = {
  "5m": "in the last 5 minutes", "1h": "in the last hour", today: "today", "24h": "in the last 24 hours", "7d": "in 7 days", "30d": "in 30 days", year: "in a year", custom: "in the chosen time",
};

/** "412 in today, 14 % above a usual Tuesday; 9 inside now." `locale` is for tests. */
export function sentence({ range, what, count, usual, previous, inside, watched, weekday }: Known, locale?: string): string {
  const all = what === "in" ? `${whole(count, locale)} in` : counted(count, "visit", "visits", locale);
  // "In in" is no English: crossings over a longer time have another word.
  const first = what === "in" && range !== "today" ? `${whole(count, locale)} came in ${WHEN[range].replace(/^in the /, "over the ").replace(/^in /, "over ")}` : `${all} ${WHEN[range]}`;
  const compared = range === "today" && usual !== null ? differs(count, usual, `a usual ${weekday}`, locale) : previous === null ? "" : differs(count, previous, previousWords(range), locale);
  const now = inside === null ? "" : `; ${whole(inside, locale)} inside now`;
  const part = watched < 0.9 ? ` Only ${share(watched, locale)} of this time was watched.` : "";
  return `${first}${compared}${now}.${part}`;
}

/** ", 14 % above a usual Tuesday"; nothing where both are too few to compare. */
function differs(count: number, other: number, words: string, locale?: string): string {
  const then = words.startsWith("a usual") ? `on ${words}` : words.startsWith("yesterday") ? words : words.startsWith("the same") ? `on ${words}` : `in ${words}`;
  if (other < FEW) return count < FEW ? "" : `, against ${decimal(other, locale)} ${then}`;
  const by = count / other - 1;
  if (Math.abs(by) < SAME) return `, as ${then}`;
  return `, ${share(Math.abs(by), locale)} ${by > 0 ? "above" : "below"} ${words}`;
}

/** "14 %": the space keeps number and sign on one line. */
export function share(part: number, locale?: string): string {
  return `${whole(part * 100, locale)}\u00a0%`;
}

/** "+14 %" against what there was; null where there is nothing to compare with. */
export function change(now: number, before: number, locale?: string): string | null {
  if (before < FEW) return null;
  const by = now / before - 1;
  return Math.abs(by) < 0.005 ? "±0\u00a0%" : `${by > 0 ? "+" : "−"}${share(Math.abs(by), locale)}`;
}
