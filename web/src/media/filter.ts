// Which tracks the viewer wants to see.
import type { TrackEntry } from "../wire";

/** Tracks that are drawn: those of these classes, at least as sure as this. */
export interface TrackFilter {
  /** Names of classes; null: all. */
  classes: ReadonlySet<string> | null;
  /** 0 to 1. More hides what the detector is less sure of. */
  minConfidence: number;
}

/** Shows everything. */
export const ALL_TRACKS: TrackFilter = { classes: null, minConfidence: 0 };

/** The filter of the attributes `classes` ("person, car") and `min-confidence` ("0.5"); what cannot be read hides nothing, and "," names no class at all. */
export function filterOf(classes: string | null, minConfidence: string | null): TrackFilter {
  const names = (classes ?? "").split(",").map((name) => name.trim()).filter((name) => name !== "");
  const least = Number(minConfidence ?? 0);
  return {
    classes: (classes ?? "").trim() === "" ? null : new Set(names),
    minConfidence: least >= 0 && least <= 1 ? least : 0,
  };
}

/** The tracks that pass; the same list when all do. */
export function filtered(tracks: readonly TrackEntry[], filter: TrackFilter): readonly TrackEntry[] {
  const { classes, minConfidence } = filter;
  if (classes === null && minConfidence === 0) return tracks;
  return tracks.filter((track) => track.confidence >= minConfidence && (classes === null || classes.has(track.class)));
}
