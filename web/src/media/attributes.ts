// The attributes of <razz-player>, read.
import type { DrawOptions } from "./draw";
import { filterOf, type TrackFilter } from "./filter";
import { holdLimit } from "./hold";
import { cameraId, originOf } from "./origin";
import type { PlayerConfig } from "./player";
import type { PlayerMode } from "./presenter";
import { qualityOf } from "./wanted";

/** Attributes whose change needs another connection. */
export const CONNECTION: readonly string[] = ["camera", "token", "src-base"];

/** `exact`, unless the attribute `mode` says `live`. */
export function modeOf(element: Element): PlayerMode {
  return element.getAttribute("mode") === "live" ? "live" : "exact";
}

/** What is drawn at the boxes: everything that no attribute `no-…` leaves out. */
export function optionsOf(element: Element): DrawOptions {
  const wanted = (name: string): boolean => !element.hasAttribute(`no-${name}`);
  return { boxes: wanted("boxes"), labels: wanted("labels"), trails: wanted("trails") };
}

/** Which tracks `classes` and `min-confidence` let through. */
export function trackFilterOf(element: Element): TrackFilter {
  return filterOf(element.getAttribute("classes"), element.getAttribute("min-confidence"));
}

/** The longest hold that `max-hold` allows, in milliseconds. */
export function holdLimitOf(element: Element): number {
  return holdLimit(element.getAttribute("max-hold"));
}

/** All that a player needs to know; null if the element names no camera. */
export function configOf(element: Element): PlayerConfig | null {
  const camera = cameraId(element.getAttribute("camera"));
  if (camera === null) return null;
  return {
    origin: originOf(element.getAttribute("src-base"), element.getAttribute("token"), document.baseURI, import.meta.url),
    camera,
    mode: modeOf(element),
    holdLimitMs: holdLimitOf(element),
    options: optionsOf(element),
    filter: trackFilterOf(element),
    quality: qualityOf(element.getAttribute("quality")),
  };
}
