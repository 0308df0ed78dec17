// The steps of the chart in words.
import { counted, dayOf, whole } from "../facts/numbers";
import { DAY } from "./range";
import { COVERED, type Count, type Totals } from "./sums";
import type { Usual } from "./usual";

/** One step of the chart. */
export interface Step extends Totals {
  at: number;
  /** Where it ends. */
  to: number;
  watched: number;
  usual: Record<Count, Usual | null>;
  /** The same step of the time before; null where that is not compared. */
  before: Totals | null;
}

/** "14:00 to 15:00", "Tue 1 Dec, 14:00 to 15:00", "Tue 1 Dec". */
export function stepWords({ at, to }: { at: number; to: number }, withDay: boolean, locale?: string): string {
  const day = dayOf(at, locale);
  if (to - at > 2 * DAY) return `${day} to ${dayOf(to - 1, locale)}`;
  if (to - at > DAY / 2) return day;
  const clock = (t: number): string => new Date(t * 1000).toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" });
  return `${withDay ? `${day}, ` : ""}${clock(at)} to ${clock(to)}`;
}

/** What a step says: "34 in, 31 out; usually 28 to 41 in". */
export function countWords(step: Step, main: "in" | "visits", locale?: string): string {
  const counts = main === "in" ? `${whole(step.in, locale)} in, ${whole(step.out, locale)} out` : counted(step.visits, "visit", "visits", locale);
  const usual = step.usual[main];
  const custom = usual === null ? "" : `; usually ${rangeWords(usual, locale)}${main === "in" ? " in" : ""}`;
  const part = step.watched < COVERED ? `; watched ${whole(step.watched * 100, locale)}\u00a0% of the time` : "";
  return counts + custom + part;
}

/** "28 to 41", "28" where all weeks were alike. */
export function rangeWords({ low, high }: Usual, locale?: string): string {
  const [least, most] = [whole(low, locale), whole(high, locale)];
  return least === most ? least : `${least} to ${most}`;
}
