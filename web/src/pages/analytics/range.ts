// Which time the page looks at, in which steps, and which time that is compared with.
import { ofField } from "../playback/moment";
import type { Scope, Span } from "../facts/api";

/** The choices, as their buttons have them. */
export const RANGES = [
  ["5m", "5 min"],
  ["1h", "hour"],
  ["today", "today"],
  ["24h", "24 h"],
  ["7d", "7 d"],
  ["30d", "30 d"],
  ["year", "year"],
  ["custom", "custom"],
] as const;
export type RangeName = (typeof RANGES)[number][0];

const MINUTE = 60;
const HOUR = 3_600;
/** A day of the clock that most days are as long as. */
export const DAY = 86_400;
/** 52 whole weeks: the days before them have the same weekdays. */
const YEAR = 364;
/** Hours of more days than these are too many for one answer. */
const HOURLY_DAYS = 62;

/** What the page shows, as its address says it. */
export interface Wanted extends Scope {
  range: RangeName;
  /** Of a custom range only. */
  custom: Span | null;
  compare: boolean;
}

/** A part of time and how it is cut. */
export interface Period extends Span {
  range: RangeName;
  /** Seconds of a step as the server is asked for. */
  step: number;
  /** What steps are put together to: days of the calendar, or seven of them. */
  unit: "step" | "day" | "week";
  /** Where the charts end, which is later than `to` while a day is not over. */
  until: number;
}

/** The midnight before `t`, `days` later, in the time of the place: days differ in length where clocks are changed. */
export function midnight(t: number, days = 0): number {
  const date = new Date(t * 1000);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + days).getTime() / 1000;
}

/** The same time of day `days` later. */
export function shiftDays(t: number, days: number): number {
  const date = new Date(t * 1000);
  date.setDate(date.getDate() + days);
  return date.getTime() / 1000;
}

/** Where a step of a period ends. */
export function endOf({ unit, step }: Pick<Period, "unit" | "step">, at: number): number {
  return unit === "step" ? at + step : shiftDays(at, unit === "week" ? 7 : 1);
}

/** `count` steps of which the last one is going on at `now`. They begin at round times of the place. */
function rolling(range: RangeName, now: number, step: number, count: number): Period {
  const from = Math.floor((now - midnight(now)) / step) * step + midnight(now) - (count - 1) * step;
  return { range, from, to: now, until: from + count * step, step, unit: "step" };
}

/** The time that is meant by what was chosen. */
export function periodOf({ range, custom }: Pick<Wanted, "range" | "custom">, now: number): Period {
  const days = (count: number, step: number, unit: Period["unit"]): Period => ({ range, from: midnight(now, 1 - count), to: now, until: midnight(now, 1), step, unit });
  switch (range) {
    case "5m":
      return rolling(range, now, MINUTE, 5);
    case "1h":
      return rolling(range, now, 5 * MINUTE, 12);
    case "today":
      return days(1, HOUR, "step");
    case "24h":
      return rolling(range, now, HOUR, 24);
    case "7d":
      return days(7, HOUR, "step");
    case "30d":
      return days(30, HOUR, "day");
    case "year":
      return days(YEAR, DAY, "week");
    case "custom": {
      if (custom === null) return days(1, HOUR, "step");
      const length = custom.to - custom.from;
      const step = length <= 15 * MINUTE ? MINUTE : length <= 3 * HOUR ? 5 * MINUTE : length <= 12 * HOUR ? 15 * MINUTE : length <= HOURLY_DAYS * DAY ? HOUR : DAY;
      return { range, ...custom, until: custom.to, step, unit: length > 120 * DAY ? "week" : length > 10 * DAY ? "day" : "step" };
    }
  }
}

/** The time before that is as long, or the same hours of the days before: of a month, of days with the same weekdays. */
export function previousOf({ range, from, to }: Period): Span {
  const days = { today: 1, "24h": 1, "7d": 7, "30d": 35, year: YEAR }[range as string];
  if (days !== undefined) return { from: shiftDays(from, -days), to: shiftDays(to, -days) };
  const length = range === "5m" ? 5 * MINUTE : range === "1h" ? HOUR : to - from;
  return { from: from - length, to: to - length };
}

/** How that is called. */
export function previousWords(range: RangeName): string {
  return {
    "5m": "the 5 minutes before", "1h": "the hour before", today: "yesterday by this time", "24h": "the day before", "7d": "the 7 days before",
    "30d": "the same weekdays five weeks before", year: "the year before", custom: "the time before",
  }[range];
}

/** The same where there is little room. */
export function previousShort(range: RangeName): string {
  return range === "today" ? "yesterday" : range === "24h" ? "the day before" : "before";
}

/** Reads `?range=7d&camera=1&area=Door&compare=0`; what cannot be read is as if it were not there. */
export function parseAddress(search: string): Wanted {
  const query = new URLSearchParams(search);
  const range = RANGES.find(([name]) => name === query.get("range"))?.[0] ?? "today";
  const camera = Number(query.get("camera"));
  const [from, to] = [Number(query.get("from")), Number(query.get("to"))];
  const custom = range === "custom" && from > 0 && to > from && Number.isFinite(to) ? { from, to } : null;
  return {
    range: range === "custom" && custom === null ? "today" : range,
    custom,
    camera: Number.isInteger(camera) && camera > 0 ? camera : null,
    area: query.get("area"),
    class: null,
    compare: query.get("compare") !== "0",
  };
}

/** The other way; what is as without an address is left out. */
export function formatAddress({ range, custom, camera, area, compare }: Wanted): string {
  const query = new URLSearchParams();
  if (range !== "today") query.set("range", range);
  if (custom) {
    query.set("from", String(Math.round(custom.from)));
    query.set("to", String(Math.round(custom.to)));
  }
  if (camera !== null) query.set("camera", String(camera));
  if (area !== null) query.set("area", area);
  if (!compare) query.set("compare", "0");
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}

/** A custom range of two fields; null while they name none. */
export function customOf(from: string, to: string): Span | null {
  const [begin, end] = [ofField(from), ofField(to)];
  return begin !== null && end !== null && end - begin >= MINUTE ? { from: begin, to: end } : null;
}
