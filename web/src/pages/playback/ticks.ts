// Marks on the time axis: at round local times, right also where the clocks are put forward or back.
import { spanOf, xOf, type View } from "./timescale";

/** One mark. `major` begins something larger: a day among hours, a year among months. */
export interface Tick {
  at: number;
  label: string;
  major: boolean;
}

const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;
/** Seconds between marks that people count in; beyond these, months. */
const STEPS = [
  1, 2, 5, 10, 15, 30, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE,
  HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY,
];
/** The local calendar's day 0 was a Thursday; weeks are counted from the Monday before it. */
const MONDAY = 3 * DAY;
/** A clock is changed twice a year: looking once a day and then by halves finds the second. */
const LOOK = DAY;

const formats = new Map<string, Intl.DateTimeFormat>();

/** `Intl` formats are slow to make and quick to use. */
function format(zone: string | undefined, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${zone ?? ""} ${JSON.stringify(options)}`;
  const kept = formats.get(key) ?? new Intl.DateTimeFormat("en-GB", zone === undefined ? options : { ...options, timeZone: zone });
  formats.set(key, kept);
  return kept;
}

/** Seconds by which the clocks of a zone (the browser's own unless named) are ahead of UTC at `t`. */
export function offsetAt(t: number, zone?: string): number {
  const whole = Math.floor(t);
  const parts = format(zone, {
    year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric", hourCycle: "h23",
  }).formatToParts(whole * 1000);
  const part = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.find((one) => one.type === type)?.value);
  return Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second")) / 1000 - whole;
}

/** A stretch of time in which no clock is changed. */
export interface Stretch extends View {
  offset: number;
}

/** Cuts a view where the clocks change. */
export function stretches({ from, to }: View, zone?: string): Stretch[] {
  const found: Stretch[] = [];
  let [begin, offset] = [from, offsetAt(from, zone)];
  for (let at = from; at < to;) {
    const next = Math.min(to, at + LOOK);
    const after = offsetAt(next, zone);
    if (after !== offset) {
      let [low, high] = [Math.floor(at), Math.ceil(next)];
      while (high - low > 1) {
        const middle = Math.floor((low + high) / 2);
        if (offsetAt(middle, zone) === offset) low = middle;
        else high = middle;
      }
      if (high > begin) found.push({ from: begin, to: high, offset });
      [begin, offset] = [high, after];
    }
    at = next;
  }
  found.push({ from: begin, to, offset });
  return found;
}

/** The least step whose marks are at least `apartPx` from one another; null: months. */
export function stepFor(view: View, width: number, apartPx: number): number | null {
  const least = (spanOf(view) / Math.max(1, width)) * apartPx;
  return STEPS.find((step) => step >= least) ?? null;
}

/** The marks of a view. */
export function ticksOf(view: View, width: number, apartPx = 84, zone?: string): Tick[] {
  const step = stepFor(view, width, apartPx);
  const found = stretches(view, zone).flatMap((stretch) => (step === null ? months(stretch) : rounds(stretch, step)));
  const ticks = found.map(({ at, wall }) => named(at, wall, step));
  // An hour that is told twice has its marks twice: where they would lie on one another the second goes.
  return ticks.filter(({ at }, index) => index === 0 || xOf(view, width, at) - xOf(view, width, ticks[index - 1]?.at ?? 0) >= apartPx * 0.4);
}

/** `wall` is what the clock on the wall shows, counted like UNIX seconds. */
interface Round {
  at: number;
  wall: number;
}

function rounds({ from, to, offset }: Stretch, step: number): Round[] {
  const found: Round[] = [];
  const shift = step >= 7 * DAY ? MONDAY : 0;
  for (let wall = Math.ceil((from + offset + shift) / step) * step - shift; wall - offset < to; wall += step) found.push({ at: wall - offset, wall });
  return found;
}

function months({ from, to, offset }: Stretch): Round[] {
  const found: Round[] = [];
  const first = new Date((from + offset) * 1000);
  for (let month = first.getUTCMonth(); ; month++) {
    const wall = Date.UTC(first.getUTCFullYear(), month, 1) / 1000;
    if (wall - offset >= to) return found;
    if (wall - offset >= from) found.push({ at: wall - offset, wall });
  }
}

/** The wall's time is formatted as if it were UTC, so that the label is what the mark was placed by. */
function named(at: number, wall: number, step: number | null): Tick {
  const say = (options: Intl.DateTimeFormatOptions): string => format("UTC", options).format(wall * 1000);
  const date = new Date(wall * 1000);
  if (step === null) {
    const major = date.getUTCMonth() === 0;
    return { at, major, label: say(major ? { year: "numeric" } : { month: "short" }) };
  }
  if (step >= DAY) {
    return { at, major: date.getUTCDate() === 1, label: say({ day: "numeric", month: "short" }) };
  }
  const major = wall % DAY === 0;
  const time: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  return { at, major, label: say(major ? { weekday: "short", day: "numeric", month: "short" } : step < MINUTE ? { ...time, second: "2-digit" } : time).replace(",", "") };
}

/** "14:03:05", to the hundredth with `fine`; with the zone's name where the clocks change within `near`. */
export function clock(t: number, { fine = false, near, zone }: { fine?: boolean; near?: View; zone?: string } = {}): string {
  const twice = near !== undefined && stretches(near, zone).length > 1;
  return format(zone, {
    hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
    ...(fine ? { fractionalSecondDigits: 2 as const } : {}), ...(twice ? { timeZoneName: "short" as const } : {}),
  }).format(t * 1000);
}

/** "Sat 28 Nov 2026". */
export function day(t: number, zone?: string): string {
  return format(zone, { weekday: "short", day: "numeric", month: "short", year: "numeric" }).format(t * 1000).replace(",", "");
}
