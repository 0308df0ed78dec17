// Moments of a recording as pages and the server write them.

/** Ticks of media time in a second. */
export const HZ = 90_000;

/** A media time, exact; or a wall time in UNIX seconds, which the server finds the frame of. */
export type Moment = { time: number } | { unix: number };

/** What `at` says: ISO 8601, UNIX seconds, or `90k:` and a media time; null where it says no moment. */
export function momentOf(at: number | string): Moment | null {
  const text = String(at).trim();
  const ticks = /^90k:(\d{1,16})$/.exec(text)?.[1];
  if (ticks !== undefined) return { time: Number(ticks) };
  if (/^\d+(\.\d*)?(e\+?\d+)?$/.test(text)) return { unix: Number(text) };
  const unix = Date.parse(text) / 1000;
  return text === "" || Number.isNaN(unix) ? null : { unix };
}

/** As the server's `from` and `to` take it. */
export function momentText(moment: Moment): string {
  return "time" in moment ? `90k:${moment.time}` : moment.unix.toFixed(6);
}

/** The same so many seconds later. */
export function later(moment: Moment, seconds: number): Moment {
  return "time" in moment ? { time: Math.max(0, moment.time + Math.round(seconds * HZ)) } : { unix: moment.unix + seconds };
}

/** The low 32 bits of a media time: the RTP timestamp of the frame. */
export function rtpOf(time: number): number {
  return time % 2 ** 32;
}
