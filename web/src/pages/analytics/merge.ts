// Rows as they come in: new ones, better ones of the same, and such that were none after all.
import type { FactRow } from "../../wire";
import type { Scope } from "../facts/api";

/** Names what a row is about: a later revision of it has the same. */
export function keyOf({ kind, camera_id: camera, area, at, track_id: track }: FactRow): string {
  return [kind, camera, area, at.media_time, track].join(" ");
}

/** Names an area: those of several cameras may be called alike. */
export function areaKey({ camera_id: camera, area }: { camera_id: number; area: string }): string {
  return `${camera} ${area}`;
}

/** `rows`, newest first, with what came; `most` are kept. */
export function merged(rows: readonly FactRow[], fact: FactRow, retracted: boolean, most: number): FactRow[] {
  const key = keyOf(fact);
  const same = rows.find((row) => keyOf(row) === key);
  if (same && same.revision > fact.revision) return [...rows];
  const others = rows.filter((row) => row !== same);
  if (retracted) return others;
  const at = others.findIndex((row) => row.at.unix <= fact.at.unix);
  others.splice(at === -1 ? others.length : at, 0, fact);
  return others.slice(0, most);
}

/** Whether a row, or an area, is of what the page looks at. */
export function inScope({ camera_id: camera, area, class: name }: { camera_id: number; area: string; class?: string }, scope: Scope): boolean {
  return (scope.camera === null || scope.camera === camera) && (scope.area === null || scope.area === area) && (scope.class === null || name === undefined || scope.class === name);
}
