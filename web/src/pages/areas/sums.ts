// The sentence and the bars of a preview.
import type { AreaKind, AreaPreview, PreviewHour } from "../../wire";
import { uptime } from "../amounts";
import { counted, whole } from "../facts/numbers";

const HOUR_S = 3_600;

/** "412 in, 398 out in the last 24 h", with a space at which no line ends. */
export function sumWords(kind: AreaKind, value: Pick<AreaPreview, "in" | "out" | "visits" | "dwell_p50_s" | "most_at_once">, locale?: string): string {
  if (kind === "line") return `${whole(value.in, locale)} in, ${whole(value.out, locale)} out in the last 24\u00a0h`;
  const visits = `${counted(value.visits, "visit", "visits", locale)} in the last 24\u00a0h`;
  if (value.visits === 0) return visits;
  const half = value.dwell_p50_s === null ? "" : `, half of them longer than ${value.dwell_p50_s < 10 ? `${Math.round(value.dwell_p50_s * 10) / 10} s` : uptime(value.dwell_p50_s)}`;
  return `${visits}${half}, at most ${whole(value.most_at_once, locale)} at once`;
}

/** The highest bar of an hour. */
export function peak(hour: PreviewHour): number {
  return Math.max(hour.in, hour.out, hour.visits);
}

/** Every hour that was asked for, also those in which nothing was counted. */
export function perHour({ from, to, hours }: Pick<AreaPreview, "from" | "to" | "hours">): PreviewHour[] {
  const first = Math.floor(from.unix / HOUR_S) * HOUR_S;
  const known = new Map(hours.map((hour) => [Math.floor(hour.at / HOUR_S) * HOUR_S, hour]));
  const all: PreviewHour[] = [];
  for (let at = first; at < to.unix && all.length < 200; at += HOUR_S) all.push(known.get(at) ?? { at, in: 0, out: 0, visits: 0 });
  return all;
}
