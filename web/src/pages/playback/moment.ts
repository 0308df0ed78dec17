// A moment in an address or a field: UNIX seconds, ISO 8601, or the media time of one frame of one camera.

/** Media time counts so many ticks in a second. */
export const TICKS = 90_000;

/** What an address asks for. `mediaTime` names one frame exactly; `unix` is then only near it, until the camera's footage is known. */
export interface Wanted {
  /** UNIX seconds. */
  unix: number;
  /** 90 kHz ticks in decimal; null where the moment is given by the clock. */
  mediaTime: string | null;
}

/** Beyond this (the year 5138) a number is no second but a mistake. */
const LAST_SECOND = 1e11;

/** Reads "1764510000.5", "2026-11-28T14:03:05Z" or "90k:158805900011070"; null for anything else. */
export function parseMoment(text: string | null): Wanted | null {
  const written = text?.trim() ?? "";
  const ticks = /^90k:(\d{1,16})$/.exec(written)?.[1];
  if (ticks !== undefined) return { unix: Number(ticks) / TICKS, mediaTime: ticks };
  if (/^\d+(\.\d+)?$/.test(written)) {
    const unix = Number(written);
    return unix < LAST_SECOND ? { unix, mediaTime: null } : null;
  }
  // Only whole dates: a browser reads "1" or "may" as some day too.
  if (!/^\d{4}-\d\d-\d\d/.test(written)) return null;
  const ms = Date.parse(written);
  return Number.isNaN(ms) ? null : { unix: ms / 1000, mediaTime: null };
}

/** As an address holds it: the frame where one is known, else the time to the millisecond in UTC, which people can read. */
export function formatMoment({ unix, mediaTime }: Wanted): string {
  return mediaTime === null ? new Date(Math.round(unix * 1000)).toISOString() : `90k:${mediaTime}`;
}

/** What the page shows, as its address says it. */
export interface Address {
  /** Null: live. */
  at: Wanted | null;
  /** Null: the address does not say. */
  cameras: number[] | null;
  /** Seconds that the timeline shows; null: the address does not say. */
  span: number | null;
}

/** Cameras that are shown at once at most. */
export const MOST_CAMERAS = 9;

/** Reads `?at=…&cameras=1,2&span=3600`; `camera=1` says the same of one. What cannot be read is not there. */
export function parseAddress(search: string): Address {
  const query = new URLSearchParams(search);
  const cameras = (query.get("cameras") ?? query.get("camera") ?? "").split(",").map(Number).filter((id) => Number.isInteger(id) && id > 0);
  const span = Number(query.get("span"));
  return {
    at: parseMoment(query.get("at")),
    cameras: cameras.length > 0 ? [...new Set(cameras)].slice(0, MOST_CAMERAS) : null,
    span: span > 0 && Number.isFinite(span) ? span : null,
  };
}

/** The other way: "?at=…&cameras=1,2&span=3600". */
export function formatAddress({ at, cameras, span }: Address): string {
  const parts = [
    at === null ? null : `at=${formatMoment(at)}`,
    cameras === null ? null : `cameras=${cameras.join(",")}`,
    span === null ? null : `span=${Math.round(span)}`,
  ].filter((part) => part !== null);
  return parts.length === 0 ? "" : `?${parts.join("&")}`;
}

/** The value of a `datetime-local` field, which is in the time of the place. */
export function fieldValue(unix: number): string {
  const local = new Date(unix * 1000);
  const two = (part: number): string => String(part).padStart(2, "0");
  const day = `${String(local.getFullYear()).padStart(4, "0")}-${two(local.getMonth() + 1)}-${two(local.getDate())}`;
  return `${day}T${two(local.getHours())}:${two(local.getMinutes())}:${two(local.getSeconds())}`;
}

/** UNIX seconds of such a value; null while the field is not filled in. */
export function ofField(value: string): number | null {
  const ms = value === "" ? NaN : new Date(value).getTime();
  return Number.isNaN(ms) ? null : ms / 1000;
}
