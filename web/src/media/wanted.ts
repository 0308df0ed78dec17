// What a viewer wants to be sent: a quality, and no more pixels than the picture fills on the screen.
import type { Quality } from "../wire";

/** What the server is told with the offer, and again when it changes. */
export interface Wanted {
  quality: Quality;
  /** Device pixels that the picture fills; absent while that is not known. */
  width?: number;
  height?: number;
}

/** The qualities that a server may be asked for, as their choice shows them. */
export const QUALITIES: Record<Quality, string> = {
  auto: "Auto", camera: "Camera", "540p": "540p", "360p": "360p", "180p": "180p", stills: "Stills", saver: "Data saver",
};

/** A size that differs by no more than this share is the same: it calls for no other encoding. */
const SAME_SHARE = 0.1;
/** No camera has more pixels across. */
const MOST_PX = 16_384;

/** The quality that an attribute says; `auto` if it is none. */
export function qualityOf(said: string | null): Quality {
  return said !== null && Object.hasOwn(QUALITIES, said) ? (said as Quality) : "auto";
}

/** What an offer's address says of it, with its question mark; nothing where there is nothing to say. */
export function wantedQuery(wanted: Wanted): string {
  const said = Object.entries(wanted).filter(([, value]) => value !== "auto").map((pair) => pair.join("="));
  return said.length > 0 ? `?${said.join("&")}` : "";
}

/** Whether a server that was told `told` has to hear of `wanted`. */
export function isNews(told: Wanted, wanted: Wanted): boolean {
  return told.quality !== wanted.quality || isOther(told.width, wanted.width) || isOther(told.height, wanted.height);
}

/** This size as it is wanted, in whole pixels; nothing of a picture that is not laid out. */
export function wantedSize(size: readonly [number, number]): Partial<Wanted> {
  const [width, height] = size.map((px) => Math.min(MOST_PX, Math.round(px)));
  return width && height ? { width, height } : {};
}

function isOther(told = 0, wanted = 0): boolean {
  return Math.abs(wanted - told) > SAME_SHARE * told;
}
