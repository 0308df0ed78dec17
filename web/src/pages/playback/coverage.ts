// What is known of the cameras' footage: answers for parts of time, put together. Times are UNIX seconds.
import type { Wanted } from "./moment";
import type { CameraRecordings, Density, Reason, RecordingLock, Recordings, Visit } from "./recordings";

/** Footage without a hole. */
export interface Span {
  from: number;
  to: number;
  /** Media time at both ends, between which a frame's name leads to its time: the camera's clock is not the server's. */
  ticks: readonly [number, number];
}

/** A hole, and why. */
export interface Gap {
  from: number;
  to: number;
  reason: Reason;
}

/** Footage that never gives way: from when to when, why, and who said so. */
export interface Lock {
  id: number;
  from: number;
  to: number;
  note: string;
  by: string | null;
}

/** All that is known of one camera. */
export interface Footage {
  spans: readonly Span[];
  gaps: readonly Gap[];
  locks: readonly Lock[];
  /** The newest last, which counts where they overlap. */
  densities: readonly Density[];
  state: CameraRecordings["state"];
  reason: Reason | null;
  error: string | null;
  oldest: number | null;
  newest: number | null;
}

/** By camera. */
export type Coverage = ReadonlyMap<number, Footage>;

/** What lies at a moment. */
export type At = { kind: "footage"; span: Span } | { kind: "gap"; gap: Gap } | { kind: "nothing" };

/** Two pieces this near are one: the times of both are rounded. */
const JOIN = 0.05;
/** Seconds from a gap within which somebody stands at its edge. */
const EDGE = 1;
/** Densities that are kept: a few zoom levels and places. */
const DENSITIES = 6;
/** Footage comes so late to the index: a moment this short after the newest footage of a camera that records is footage too. */
const LATE = 12;

/** `coverage` with an answer for the time from `from` to `to`. */
export function merged(coverage: Coverage, answer: Recordings, from: number, to: number): Coverage {
  const result = new Map(coverage);
  for (const camera of answer.cameras) result.set(camera.camera_id, withAnswer(result.get(camera.camera_id), camera, from, to));
  return result;
}

function withAnswer(before: Footage | undefined, answer: CameraRecordings, from: number, to: number): Footage {
  const oldest = answer.oldest?.unix ?? null;
  const spans = answer.spans.map((span): Span => ({ from: span.from.unix, to: span.to.unix, ticks: [Number(span.from.media_time), Number(span.to.media_time)] }));
  const gaps = answer.gaps.map((gap): Gap => ({ from: gap.from.unix, to: gap.to.unix, reason: gap.reason }));
  // The answer's ends are what it was asked for: a span that reaches farther is joined with what was known of the rest.
  const kept = [...cut(before?.spans ?? [], from, to)].filter((span) => oldest !== null && span.to > oldest);
  const elsewhere = (before?.locks ?? []).filter((lock) => lock.to <= from || lock.from >= to);
  const covered = (density: Density): boolean => density.from >= from - density.step && endOf(density) <= to + density.step;
  return {
    spans: joined([...kept, ...spans], (left, right) => right.from - left.to <= JOIN),
    gaps: joined([...cut(before?.gaps ?? [], from, to), ...gaps], (left, right) => right.from - left.to <= JOIN && left.reason === right.reason),
    locks: [...elsewhere, ...answer.locks.map(lockOf)],
    densities: [...(before?.densities ?? []).filter((density) => !covered(density)), answer.density].slice(-DENSITIES),
    state: answer.state,
    reason: answer.reason,
    error: answer.error,
    oldest,
    newest: answer.newest?.unix ?? null,
  };
}

/** A lock as the server tells it. */
export function lockOf({ id, from, to, note, by }: RecordingLock): Lock {
  return { id, from: from.unix, to: to.unix, note, by };
}

/** The lock that holds the footage at `t`. */
export function lockAt(footage: Footage | undefined, t: number): Lock | undefined {
  return footage?.locks.find(({ from, to }) => t >= from && t < to);
}

/** The end of the last bucket. */
export function endOf({ from, step, classes }: Density): number {
  return from + step * Math.max(0, ...Object.values(classes).map(({ length }) => length));
}

type Piece = Span | Gap;

/** What of `pieces` lies outside `from` to `to`. */
function cut<P extends Piece>(pieces: readonly P[], from: number, to: number): P[] {
  return pieces.flatMap((piece) => {
    if (piece.to <= from || piece.from >= to) return [piece];
    const before = piece.from < from ? [part(piece, piece.from, from)] : [];
    return piece.to > to ? [...before, part(piece, to, piece.to)] : before;
  });
}

/** A part of a piece; the media time goes along. */
function part<P extends Piece>(piece: P, from: number, to: number): P {
  return "ticks" in piece ? { ...piece, from, to, ticks: [ticksAt(piece, from), ticksAt(piece, to)] } : { ...piece, from, to };
}

function ticksAt({ from, to, ticks: [first, last] }: Span, t: number): number {
  return Math.round(first + ((last - first) * (t - from)) / (to - from || 1));
}

function joined<P extends Piece>(pieces: P[], belong: (left: P, right: P) => boolean): P[] {
  const result: P[] = [];
  for (const piece of pieces.sort((a, b) => a.from - b.from)) {
    const last = result.at(-1);
    if (!last || !belong(last, piece)) result.push(piece);
    else if (piece.to > last.to) result[result.length - 1] = { ...last, to: piece.to, ...("ticks" in last && "ticks" in piece ? { ticks: [last.ticks[0], piece.ticks[1]] } : {}) };
  }
  return result;
}

/** What lies at `t`. */
export function whatIsAt(footage: Footage | undefined, t: number): At {
  if (!footage) return { kind: "nothing" };
  const span = footage.spans.find(({ from, to }) => t >= from && t < to);
  if (span) return { kind: "footage", span };
  const gap = footage.gaps.find(({ from, to }) => t >= from && t < to);
  if (gap) return { kind: "gap", gap };
  const last = footage.spans.at(-1);
  const fresh = footage.state === "recording" && last !== undefined && t >= last.to && t < last.to + LATE;
  return fresh ? { kind: "footage", span: last } : { kind: "nothing" };
}

/** Where footage begins next, after `t` (not at it); null where none is known. */
export function nextFootage(footages: Iterable<Footage>, t: number): number | null {
  const starts = [...footages].flatMap(({ spans }) => spans.map(({ from }) => from)).filter((from) => from > t);
  return starts.length > 0 ? Math.min(...starts) : null;
}

/** Where footage ended last, before `t`. */
export function previousFootage(footages: Iterable<Footage>, t: number): number | null {
  const ends = [...footages].flatMap(({ spans }) => spans.map(({ to }) => to)).filter((to) => to < t);
  return ends.length > 0 ? Math.max(...ends) : null;
}

/** The next gap that begins after `t`, or the last that ended before it; not one at whose edge `t` is. */
export function gapBeside(footages: Iterable<Footage>, t: number, direction: 1 | -1): Gap | null {
  const gaps = [...footages].flatMap((footage) => footage.gaps).filter(({ from, to }) => (direction > 0 ? from > t + EDGE : to < t - EDGE));
  return gaps.sort((a, b) => (a.from - b.from) * direction)[0] ?? null;
}

/** The next visit that begins after `t`, or the last that began before it; `visits` in any order. */
export function visitBeside(visits: readonly Visit[], t: number, direction: 1 | -1): Visit | null {
  const beside = visits.filter((visit) => (visit.from.unix - t) * direction > JOIN);
  return beside.sort((a, b) => (a.from.unix - b.from.unix) * direction)[0] ?? null;
}

/** The time of a wanted moment: a frame's by the footage it is in. */
export function unixOf({ unix, mediaTime }: Wanted, footage: Footage | undefined): number {
  if (mediaTime === null || !footage) return unix;
  const ticks = Number(mediaTime);
  const span = footage.spans.find(({ ticks: [first, last] }) => ticks >= first && ticks < last);
  if (!span) return unix;
  const [first, last] = span.ticks;
  return span.from + ((ticks - first) / (last - first)) * (span.to - span.from);
}

/** Objects of each class in the bucket at `t`, by the newest answer that has one. */
export function seenAt(footage: Footage | undefined, t: number): Map<string, number> {
  const density = footage?.densities.findLast((one) => t >= one.from && t < endOf(one));
  if (!density) return new Map();
  const bucket = Math.floor((t - density.from) / density.step);
  return new Map(Object.entries(density.classes).map(([name, counts]) => [name, counts[bucket] ?? 0] as const).filter(([, count]) => count > 0));
}

/** First and last moment of anybody's footage; null where there is none. */
export function extent(coverage: Coverage): { oldest: number; newest: number } | null {
  const all = [...coverage.values()];
  const oldest = all.flatMap((one) => one.oldest ?? []);
  const newest = all.flatMap((one) => one.newest ?? []);
  return oldest.length > 0 && newest.length > 0 ? { oldest: Math.min(...oldest), newest: Math.max(...newest) } : null;
}
