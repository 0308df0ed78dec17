// Which tracks the viewer wants to see.
import type { TrackEntry } from "../wire";

/** Tracks that are drawn: those of these classes, at least as sure as this. */
export interface TrackFilter {
  /** Names of classes; null: all. */
  classes: ReadonlySet<string> | null;
  /** Names of classes that are not drawn, though all others are. */
  hidden: ReadonlySet<string>;
  /** 0 to 1. More hides what the detector is less sure of. */
  minConfidence: number;
}

/** Shows everything. */
export const ALL_TRACKS: TrackFilter = { classes: null, hidden: new Set(), minConfidence: 0 };

/**
 * The filter of the attributes `classes` ("person, car"; "!car" for all but these) and `min-confidence` ("0.5"); what
 * cannot be read hides nothing, and "," names no class at all.
 */
export function filterOf(classes: string | null, minConfidence: string | null): TrackFilter {
  const names = (classes ?? "").split(",").map((name) => name.trim()).filter((name) => name !== "");
  const shown = names.filter((name) => !name.startsWith("!"));
  const hidden = names.filter((name) => name.startsWith("!")).map((name) => name.slice(1).trim());
  const least = Number(minConfidence ?? 0);
  return {
    classes: (classes ?? "").trim() === "" || (shown.length === 0 && hidden.length > 0) ? null : new Set(shown),
    hidden: new Set(hidden),
    minConfidence: least >= 0 && least <= 1 ? least : 0,
  };
}

/** Whether tracks of class `name` are drawn. */
export function shows({ classes, hidden }: TrackFilter, name: string): boolean {
  return !hidden.has(name) && (classes === null || classes.has(name));
}

/** The attribute `classes` after a choice among the names that are `on` and `off`; null: none is needed. Filters that name what is shown stay so, others name what is not. */
export function classesOf(before: TrackFilter, on: readonly string[], off: readonly string[]): string | null {
  if (before.classes !== null && off.length > 0) return on.join(", ") || ",";
  return off.length === 0 ? null : off.map((name) => `!${name}`).join(", ");
}

/** The tracks that pass; the same list when all do. */
export function filtered(tracks: readonly TrackEntry[], filter: TrackFilter): readonly TrackEntry[] {
  const { classes, hidden, minConfidence } = filter;
  if (classes === null && hidden.size === 0 && minConfidence === 0) return tracks;
  return tracks.filter((track) => track.confidence >= minConfidence && shows(filter, track.class));
}
