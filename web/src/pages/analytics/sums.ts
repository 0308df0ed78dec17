// Counts of several areas put together, and cut in other ways than the server cuts them.
import type { AreaFacts, ClassFacts } from "../../wire";
import { midnight } from "./range";

/** Steps of which less was watched count less than they should. */
export const COVERED = 0.9;

/** Counts in steps. */
export interface Series {
  /** Beginnings of the steps in UNIX seconds, ascending. */
  at: number[];
  in: number[];
  out: number[];
  visits: number[];
  /** Share of each step that was watched, of the camera that was watched least; of the step that is going on, of what is over of it. */
  watched: number[];
}

export type Count = "in" | "out" | "visits";
export type Totals = Record<Count, number>;

/** What is told of areas: crossings where there is a line, else visits. */
export function mainCount(areas: readonly AreaFacts[]): "in" | "visits" {
  return areas.length === 0 || areas.some(({ kind }) => kind === "line") ? "in" : "visits";
}

/** All areas as one. `to`: until when was counted. */
export function seriesOf(areas: readonly AreaFacts[], step: number, to: number): Series {
  const at = [...new Set(areas.flatMap(({ series }) => series.at))].sort((a, b) => a - b);
  const place = new Map(at.map((t, index) => [t, index]));
  const sum: Series = { at, in: at.map(() => 0), out: at.map(() => 0), visits: at.map(() => 0), watched: at.map(() => 1) };
  for (const { series } of areas) {
    for (const [index, t] of series.at.entries()) {
      const i = place.get(t) ?? 0;
      for (const key of ["in", "out", "visits"] as const) sum[key][i] = (sum[key][i] ?? 0) + (series[key][index] ?? 0);
      const over = Math.max(1, Math.min(step, to - t));
      sum.watched[i] = Math.min(sum.watched[i] ?? 1, ((series.watched[index] ?? 0) * step) / over);
    }
  }
  return sum;
}

/** Steps put together: those of one `place` are one. Where the first of them begins the sum begins. */
function together({ at, watched, ...counts }: Series, placeOf: (t: number, index: number) => number): Series {
  const sums: Series = { at: [], in: [], out: [], visits: [], watched: [] };
  const steps: number[] = [];
  let place: number | null = null;
  for (const [index, t] of at.entries()) {
    if (placeOf(t, index) !== place) {
      place = placeOf(t, index);
      sums.at.push(t);
      for (const list of [sums.in, sums.out, sums.visits, sums.watched, steps]) list.push(0);
    }
    const last = sums.at.length - 1;
    for (const key of ["in", "out", "visits"] as const) sums[key][last] = (sums[key][last] ?? 0) + (counts[key][index] ?? 0);
    sums.watched[last] = (sums.watched[last] ?? 0) + (watched[index] ?? 0);
    steps[last] = (steps[last] ?? 0) + 1;
  }
  sums.watched = sums.watched.map((sum, index) => sum / (steps[index] ?? 1));
  return sums;
}

/** Steps put together to days of the calendar. */
export function byDay(series: Series): Series {
  return together(series, (t) => midnight(t));
}

/** Days put together by seven, whichever weekday is the first. */
export function byWeek(days: Series): Series {
  return together(days, (_, index) => Math.floor(index / 7));
}

/** Everything in the time. */
export function totalsOf(areas: readonly AreaFacts[]): Totals {
  const sum = (key: Count): number => areas.reduce((total, area) => total + area[key], 0);
  return { in: sum("in"), out: sum("out"), visits: sum("visits") };
}

/** Classes of all areas, the most frequent first; `count` is of what `key` counts, both ways where those are crossings. */
export function classesOf(areas: readonly AreaFacts[], key: "in" | "visits"): { class: string; count: number }[] {
  const counts = new Map<string, number>();
  const of = (one: ClassFacts): number => (key === "in" ? one.in + one.out : one.visits);
  for (const area of areas) for (const one of area.classes) counts.set(one.class, (counts.get(one.class) ?? 0) + of(one));
  return [...counts].map(([name, count]) => ({ class: name, count })).filter(({ count }) => count > 0).sort((a, b) => b.count - a.count);
}

/** Zones by how long one in ten stays there, the slowest first. */
export function slowest(areas: readonly AreaFacts[]): AreaFacts[] {
  return areas.filter(({ dwell }) => dwell !== null && dwell.count > 0).sort((a, b) => (b.dwell?.p90_s ?? 0) - (a.dwell?.p90_s ?? 0));
}

/** The zone where the middle visit takes longest. */
export function longestMedian(areas: readonly AreaFacts[]): AreaFacts | null {
  const zones = slowest(areas).sort((a, b) => (b.dwell?.p50_s ?? 0) - (a.dwell?.p50_s ?? 0));
  return zones[0] ?? null;
}

/** Mean counts of an hour by weekday (Monday first) and hour of the day; null where nothing was watched. */
export function matrixOf(series: Series, key: Count): (number | null)[][] {
  const sums = Array.from({ length: 7 }, () => Array.from({ length: 24 }, () => ({ sum: 0, hours: 0 })));
  for (const [index, t] of series.at.entries()) {
    if ((series.watched[index] ?? 0) < COVERED) continue;
    const date = new Date(t * 1000);
    const cell = sums[(date.getDay() + 6) % 7]?.[date.getHours()];
    if (!cell) continue;
    cell.sum += series[key][index] ?? 0;
    cell.hours++;
  }
  return sums.map((row) => row.map(({ sum, hours }) => (hours === 0 ? null : sum / hours)));
}

/** The same weekday's hour in each week of a time, the newest first. */
export function hoursLike(series: Series, weekday: number, hour: number): number[] {
  return series.at.filter((t) => {
    const date = new Date(t * 1000);
    return (date.getDay() + 6) % 7 === weekday && date.getHours() === hour;
  }).reverse();
}

/** Share of the time until `to` that was watched. */
export function coverageOf({ at, watched }: Series): number {
  return at.length === 0 ? 1 : watched.reduce((sum, part) => sum + Math.min(1, part), 0) / at.length;
}
