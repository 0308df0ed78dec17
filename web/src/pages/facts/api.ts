// What is drawn and what was counted, asked of the server.
import type { AreaInfo, Areas, AreasEdit, FactKind, FactRows, Facts, Heat, Moment } from "../../wire";
import { ask, type Answer } from "../api";
import { formatAddress } from "../playback/moment";
import { seconds } from "../playback/recordings";

/** What is asked about: null is everything in sight. */
export interface Scope {
  camera: number | null;
  area: string | null;
  class: string | null;
}

/** A part of time in UNIX seconds; its end is not part of it. */
export interface Span {
  from: number;
  to: number;
}

/** Those that count, without masks. */
export const counting = ({ areas }: Areas): AreaInfo[] => areas.filter(({ mask }) => mask === undefined);

/** All areas, or those of one camera. */
export function fetchAreas(camera: number | null = null): Promise<Answer<Areas>> {
  return ask<Areas>(camera === null ? "api/areas" : `api/areas?camera=${camera}`);
}

/** Replaces the areas of a camera. */
export function saveAreas(camera: number, edit: AreasEdit): Promise<Answer<Areas>> {
  return ask<Areas>(`api/areas/${camera}`, "PUT", edit);
}

/** The areas of a camera are right as they are, though it was moved. */
export function findAreasRight(camera: number): Promise<Answer<Areas>> {
  return ask<Areas>(`api/areas/${camera}/right`, "POST");
}

/** What was counted, in steps of so many seconds. */
export function fetchFacts(scope: Scope, span: Span, step: number): Promise<Answer<Facts>> {
  return ask<Facts>(`api/facts?${factQuery(scope, span)}&step=${step}`);
}

/** Crossings and visits, the newest first; `before` goes on where an answer ended. */
export function fetchRows(scope: Scope, span: Span, limit: number, more: { kind?: FactKind | null; before?: string | null } = {}): Promise<Answer<FactRows>> {
  const [kind, before] = [more.kind ?? null, more.before ?? null];
  return ask<FactRows>(`api/facts/rows?${factQuery(scope, span)}&limit=${limit}${kind === null ? "" : `&kind=${kind}`}${before === null ? "" : `&before=${encodeURIComponent(before)}`}`);
}

/** Where in a camera's picture something was. */
export function fetchHeat(camera: number, { from, to }: Span, name: string | null): Promise<Answer<Heat>> {
  const of = name === null ? "" : `&class=${encodeURIComponent(name)}`;
  return ask<Heat>(`api/heat?camera=${camera}&from=${seconds(from)}&to=${seconds(to)}${of}`);
}

/** The same rows as a table for other programs. */
export function csvHref(scope: Scope, span: Span): string {
  return `api/facts.csv?${factQuery(scope, span)}`;
}

/** The filters as the server takes them. */
function factQuery(scope: Scope, { from, to }: Span): string {
  const parts = [
    `from=${seconds(from)}`,
    `to=${seconds(to)}`,
    scope.camera === null ? null : `camera=${scope.camera}`,
    scope.area === null ? null : `area=${encodeURIComponent(scope.area)}`,
    scope.class === null ? null : `class=${encodeURIComponent(scope.class)}`,
  ];
  return parts.filter((part) => part !== null).join("&");
}

/** The page of recordings at a frame. */
export function recordedHref(camera: number, at: Moment): string {
  return `playback.html${formatAddress({ at: { unix: at.unix, mediaTime: at.media_time }, cameras: [camera], span: null })}`;
}
