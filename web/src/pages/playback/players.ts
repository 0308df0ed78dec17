// The players of the cameras shown: all are led to the same moment, and kept there.
import { effect } from "@preact/signals";
import type { RazzPlayer } from "../../media";
import { nextFootage, previousFootage, seenAt, unixOf, whatIsAt } from "./coverage";
import type { Playback, RecordedFrame, SkippedGap } from "../player";
import { isLost, leaderOf, SETTLE_MS, strays, type Standing } from "./insync";
import { formatMoment, parseMoment } from "./moment";
import { at, chosen, coverage, ends, footages, frame, isCovered, live, now, paused, present, rate, said, scrubbing } from "./state";
import { clock } from "./ticks";
import { reasonWords } from "./words";

const CHECK_MS = 200;
/** Frames of two cameras that are less than this apart are of one moment, in seconds. */
const FRAME = 0.045;
const ALIGN_MS = 150;
/** What a seek takes: a player that plays is sent so far ahead of the others, or it would come late. */
const SEEK_S = 0.15;
/** Live cameras move the playhead this often. */
const SECOND_MS = 1_000;

interface Entry {
  element: RazzPlayer;
  /** Whether it was told to play. */
  plays: boolean;
  /** Whether it has said that nothing more comes. */
  ended: boolean;
  soughtMs: number;
}
const entries = new Map<number, Entry>();
let leader: number | null = null;
let checkedMs = 0;
/** Whether any frame of a recording has been drawn. */
let drawn = false;
let aligning: ReturnType<typeof setTimeout> | undefined;

/** The attribute `at` of a player that is made now; null: it is live. */
export function beginning(): string | undefined {
  return live.peek() ? undefined : formatMoment({ unix: at.peek(), mediaTime: chosen.peek().length === 1 ? frame.peek() : null });
}

/** A camera's player came onto the page, or (null) left it. */
export function enter(camera: number, element: RazzPlayer | null): void {
  if (element === null) {
    entries.delete(camera);
    return;
  }
  if (entries.get(camera)?.element === element) return;
  entries.set(camera, { element, plays: true, ended: false, soughtMs: performance.now() });
  element.setAttribute("rate", String(rate.peek()));
  if (!live.peek() && paused.peek()) hold(camera);
}

/** Leads all players to the moment of the page; `to` names one frame of one camera. */
export function seekAll(to: string | null = null): void {
  leader = [...entries.keys()].find((camera) => isCovered(camera, at.peek())) ?? null;
  for (const [camera, entry] of entries) lead(camera, entry, to ?? at.peek());
  settle();
}

function lead(camera: number, entry: Entry, to: number | string): void {
  const { element } = entry;
  entry.soughtMs = performance.now();
  if (live.peek()) element.removeAttribute("at");
  else if (element.hasAttribute("at")) element.seek(to);
  else element.setAttribute("at", typeof to === "string" ? to : formatMoment({ unix: to, mediaTime: null }));
  if (!live.peek() && paused.peek()) hold(camera);
}

/** Lets those play that should, and holds the others: all while paused, and those without footage at this moment. */
export function settle(): void {
  if (live.peek()) return;
  if (paused.peek() && entries.size > 1) align();
  for (const [camera, entry] of entries) {
    entry.element.setAttribute("rate", String(rate.peek()));
    const plays = !paused.peek() && !scrubbing.peek() && (entries.size === 1 || takesPart(camera, entry));
    if (!plays && entry.plays) hold(camera);
    else if (plays && !entry.plays) {
      entry.plays = true;
      entry.element.play();
    }
  }
}

/** Whether there is footage of a camera now, and its player has not leapt over the end of it already. */
function takesPart(camera: number, { element: { time } }: Entry): boolean {
  const there = whatIsAt(coverage.peek().get(camera), at.peek());
  if (there.kind !== "footage") return false;
  const left = rate.peek() > 0 ? there.span.to - at.peek() : at.peek() - there.span.from;
  return time === null || left > Math.abs(rate.peek()) || !isLost(time, at.peek(), rate.peek());
}

function hold(camera: number): void {
  const entry = entries.get(camera);
  if (!entry) return;
  entry.plays = false;
  entry.element.pause();
}

/** All go so many frames on: the one that leads by its frames, the others to its moment. */
export function stepAll(frames: number): void {
  leader = [leader, ...entries.keys()].find((camera) => camera !== null && entries.has(camera) && (entries.size === 1 || isCovered(camera, at.peek()))) ?? null;
  for (const camera of entries.keys()) hold(camera);
  entries.get(leader ?? 0)?.element.step(frames);
}

/** Players that stand still are at one moment, as near as their frames are. */
function align(): void {
  aligning ??= setTimeout(() => {
    aligning = undefined;
    if (live.peek() || !paused.peek() || scrubbing.peek()) return;
    for (const [camera, entry] of entries) {
      const off = Math.abs((entry.element.time ?? Infinity) - at.peek());
      if (camera !== leader && off > FRAME && isCovered(camera, at.peek())) lead(camera, entry, at.peek());
    }
  }, ALIGN_MS);
}

/** A player drew a frame of its recording. */
export function noteFrame(camera: number, { unix, mediaTime }: RecordedFrame): void {
  if (live.peek() || scrubbing.peek() || unix === undefined) return;
  if (entries.size > 1 && leader !== null && camera !== leader) return;
  // What was on its way when the viewer went elsewhere is no news.
  const entry = entries.get(camera);
  if (!entry || (performance.now() - entry.soughtMs < SETTLE_MS && Math.abs(unix - at.peek()) > 1 && !isSkip(unix))) return;
  // One of several that leaps over a hole of its own does not take the others along.
  if (entries.size > 1 && isLost(unix, at.peek(), rate.peek())) return;
  drawn = true;
  at.value = unix;
  frame.value = entries.size === 1 ? (mediaTime ?? null) : null;
  if (paused.peek() && entries.size > 1) align();
}

/** A player has come to an end: of all that there is, or of its camera's past. */
export function noteEnd(camera: number, { ended }: Playback): void {
  const entry = entries.get(camera);
  if (entry) entry.ended = ended;
  if (!ended || paused.peek()) return;
  // Of several the others may go on; where more can be recorded, they all do.
  if (entries.size > 1 && (ends.peek() === null || [...entries.values()].some((one) => one.plays && !one.ended))) return;
  // Faster than the present, time cannot be had; and before the beginning there is none.
  if (rate.peek() < 0 || ends.peek() !== null) paused.value = true;
  else if (rate.peek() > 1) rate.value = 1;
  settle();
}

/** A player has skipped a hole in its footage: said, if it is the only one; several wait for one another. */
export function noteGap(camera: number, { from, to }: SkippedGap): void {
  const [begin, end] = [momentOf(from), momentOf(to)];
  if (entries.size > 1 || begin === null || end === null) return;
  const there = whatIsAt(coverage.peek().get(camera), (begin + end) / 2);
  const why = there.kind === "gap" ? `: ${reasonWords(there.gap.reason)}` : "";
  said.value = `Nothing is recorded from ${clock(begin)} to ${clock(end)}${why}.`;
}

function momentOf(moment: number | string): number | null {
  return typeof moment === "number" ? moment : (parseMoment(moment)?.unix ?? null);
}

/** Objects of each class on a camera's picture; while there is none, what the density says. */
export function countsOn(camera: number): Map<string, number> {
  const tracks = scrubbing.peek() ? undefined : entries.get(camera)?.element.frame?.tracks;
  if (!tracks) return seenAt(coverage.peek().get(camera), at.peek());
  const counts = new Map<string, number>();
  for (const track of tracks) counts.set(track.class, (counts.get(track.class) ?? 0) + 1);
  return counts;
}

/** Whether a moment is where a player lands that was sent into a hole. */
function isSkip(unix: number): boolean {
  const next = nextFootage(footages(), at.peek());
  return next !== null && Math.abs(unix - next) < 1;
}

/** Keeps the players together; runs for as long as the page. */
export function keepInStep(): void {
  setInterval(check, CHECK_MS);
  setInterval(() => {
    now.value = present();
    if (live.peek()) at.value = now.peek();
  }, SECOND_MS);
  effect(() => {
    // A frame by its name has its place once the footage around it is known, or the player has found it.
    const [only] = chosen.value;
    if (!drawn && only !== undefined && chosen.value.length === 1 && frame.value !== null) at.value = unixOf({ unix: at.peek(), mediaTime: frame.value }, coverage.value.get(only));
  });
}

function check(): void {
  const nowMs = performance.now();
  const passed = Math.min(1, (nowMs - checkedMs) / 1000);
  checkedMs = nowMs;
  if (live.peek() || scrubbing.peek() || entries.size < 2) return;
  const all = [...entries].map(([camera, entry]): Standing => ({ camera, time: entry.element.time, covered: takesPart(camera, entry) }));
  leader = leaderOf(all, leader, at.peek(), rate.peek());
  if (!paused.peek() && leader === null) alone(all, passed);
  settle();
  for (const camera of strays(all, leader, at.peek(), rate.peek())) {
    const entry = entries.get(camera);
    if (entry && nowMs - entry.soughtMs > SETTLE_MS) lead(camera, entry, at.peek() + (paused.peek() ? 0 : SEEK_S * rate.peek()));
  }
}

/** No player leads: time goes on by itself while there is footage, and over a hole that all have it leaps. */
function alone(all: readonly Standing[], passed: number): void {
  if (all.some(({ covered }) => covered)) {
    at.value += passed * rate.peek();
    return;
  }
  const forwards = rate.peek() > 0;
  const beyond = forwards ? nextFootage(footages(), at.peek()) : previousFootage(footages(), at.peek());
  if (beyond === null) return;
  said.value = `Nothing is recorded from ${clock(Math.min(at.peek(), beyond))} to ${clock(Math.max(at.peek(), beyond))}.`;
  at.value = forwards ? beyond : beyond - 0.5;
  seekAll();
}
