// The tracks of a recording: fetched around the position, and between two detections led from the one to the other.
import type { TrackEntry, TrackMessage } from "../../wire";
import { now } from "../clock/now";
import { rtpDiff } from "../clock/rtp";
import { inProportion } from "../geometry";
import { frameOf, sameSize, trailsOf, type Lookup, type TrackFrame, type TrackSource } from "../trackmap";
import { HZ, rtpOf } from "./moment";
import type { RecordingSource } from "./server";

/** Tracks are fetched by so much at a time. */
const SPAN_90K = 30 * HZ;
/** Spans that are kept: twelve minutes. */
const KEPT = 24;
/** Detections further apart are not joined by a line: the object may have been anywhere. */
const JOINED_90K = 2 * HZ;
/** A span that may still grow is fetched anew after so long, and so is one that did not come. */
const AGAIN_MS = 1_000;
/** By then all tracks of a moment are stored. */
const SETTLED_S = 60;

/** A track frame with its whole media time. */
interface TimedFrame extends TrackFrame {
  time: number;
}

interface Span {
  frames: TimedFrame[];
  /** When it was last asked for, on the page's clock, and whether the answer is still to come. */
  askedMs: number;
  isComing: boolean;
  hasFailed: boolean;
  /** It cannot grow any more. */
  isFinal: boolean;
}

const NOTHING: Lookup = { mode: "none", from: null, tracks: [] };

/** Finds the tracks of any frame of a recording. */
export class RecordedTracks implements TrackSource {
  /** The media time of the frame that is drawn now: RTP timestamps are found near it. */
  near = 0;
  /** Of a recording every frame has a time: none is looked up by the newest. */
  readonly newest = null;
  readonly #server: RecordingSource;
  readonly #onChange: () => void;
  readonly #onClass: (name: string) => void;
  readonly #spans = new Map<number, Span>();
  readonly #abort = new AbortController();
  #stored: readonly [number, number] | null = null;
  #aspect: readonly [number, number] | null = null;

  /** `onChange`: more tracks are there; `onClass`: objects of this class are among them. */
  constructor(server: RecordingSource, onChange: () => void, onClass: (name: string) => void) {
    this.#server = server;
    this.#onChange = onChange;
    this.#onClass = onClass;
  }

  get stored(): readonly [number, number] | null {
    return this.#stored;
  }

  proportions(width: number, height: number, before: readonly [number, number] | null): readonly [number, number] {
    return inProportion(width, height, this.#stored ?? before, this.#aspect);
  }

  /** Ends all requests. */
  stop(): void {
    this.#abort.abort();
  }

  /** Whether the tracks of the frame at `time` are known, or cannot be had; asks for them and those `ahead` of it, in ticks. */
  knows(time: number, ahead: number): boolean {
    const span = this.#want(time);
    this.#want(Math.max(0, time + ahead));
    // Where the server has just said that it knows no more, nobody waits for more.
    return !span.isComing || span.isFinal || lastOf(span) >= time;
  }

  lookup(rtp: number): Lookup {
    const time = this.near + rtpDiff(rtp, rtpOf(this.near));
    const span = this.#spans.get(indexOf(time));
    if (!span || span.hasFailed) return NOTHING;
    const at = firstNotBefore(span.frames, time);
    const [before, after] = [span.frames[at - 1], span.frames[at]];
    if (after?.time === time) return { mode: after.nearMs === undefined ? "exact" : "near", from: after, tracks: after.tracks };
    // Behind the last detection nothing is known before the next one is stored.
    if (!after && !span.isFinal) return NOTHING;
    const isJoined = before && after && after.time - before.time <= JOINED_90K && sameSize(before, after);
    const from: TrackFrame = { ...(before ?? after ?? EMPTY), rtp, nearMs: undefined };
    return { mode: "exact", from, tracks: isJoined ? between(before, after, time) : [] };
  }

  lookupAbout(rtp: number): Lookup {
    return this.lookup(rtp);
  }

  trails(rtp: number, spanMs: number): Map<number, [number, number][]> {
    const time = this.near + rtpDiff(rtp, rtpOf(this.near));
    const from = time - (spanMs * HZ) / 1000;
    const frames = [indexOf(from), indexOf(time)].filter((index, at, all) => at === 0 || index !== all[0])
      .flatMap((index) => this.#spans.get(index)?.frames ?? [])
      .filter((frame, at, all) => frame.time >= from && frame.time <= time && (at === 0 || frame.time > (all[at - 1]?.time ?? 0)));
    const { from: own, tracks } = this.lookup(rtp);
    if (own && frames.at(-1)?.time !== time) frames.push({ ...own, time, tracks });
    return trailsOf(frames, 0, rtp);
  }

  #want(time: number): Span {
    const index = indexOf(time);
    let span = this.#spans.get(index);
    if (!span) {
      span = { frames: [], askedMs: -Infinity, isComing: false, hasFailed: false, isFinal: false };
      this.#spans.set(index, span);
    }
    const isWanting = !span.isComing && !span.isFinal && lastOf(span) < time;
    if (isWanting && now() - span.askedMs > AGAIN_MS) void this.#fetch(index, span);
    return span;
  }

  async #fetch(index: number, span: Span): Promise<void> {
    span.askedMs = now();
    span.isComing = true;
    const end = (index + 1) * SPAN_90K;
    // Media time is near enough to the wall time to tell what is long past.
    const isFinal = Date.now() / 1000 > end / HZ + SETTLED_S;
    const answer = await this.#server.tracks({ time: index * SPAN_90K }, { time: end }, this.#abort.signal);
    if (this.#abort.signal.aborted) return;
    span.isComing = false;
    span.hasFailed = answer.kind === "failed";
    if (answer.kind === "answer") span.frames = this.#framesOf(answer.answer);
    // What is long past and not there will not come any more.
    span.isFinal = isFinal && !span.hasFailed;
    this.#trim();
    this.#onChange();
  }

  #framesOf(messages: readonly TrackMessage[]): TimedFrame[] {
    const frames: TimedFrame[] = [];
    for (const message of messages) {
      if (message.frame_size) [this.#stored, this.#aspect] = [message.frame_size, message.pixel_aspect ?? null];
      const frame = frameOf(message, 0);
      if (!frame || message.media_time === null) continue;
      frames.push({ ...frame, time: Number(message.media_time) });
      for (const track of message.tracks) this.#onClass(track.class);
    }
    return frames.sort((a, b) => a.time - b.time);
  }

  /** What was asked for longest ago goes. */
  #trim(): void {
    const oldest = [...this.#spans].filter(([, { isComing }]) => !isComing).sort(([, a], [, b]) => a.askedMs - b.askedMs);
    const near = indexOf(this.near);
    for (const [index] of oldest) {
      if (this.#spans.size <= KEPT) return;
      if (Math.abs(index - near) > 1) this.#spans.delete(index);
    }
  }
}

/** Of a moment at which nothing was detected. */
const EMPTY: TrackFrame = { rtp: 0, timestamp: 0, tracks: [], size: null, detectionMs: 1000, arrivedMs: 0, latencyMs: 0 };

function lastOf({ frames }: Span): number {
  return frames.at(-1)?.time ?? 0;
}

function indexOf(time: number): number {
  return Math.floor(time / SPAN_90K);
}

function firstNotBefore(frames: readonly TimedFrame[], time: number): number {
  let [low, high] = [0, frames.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((frames[middle]?.time ?? 0) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The tracks that both detections have, on the line between. */
function between(before: TimedFrame, after: TimedFrame, time: number): TrackEntry[] {
  const share = (time - before.time) / (after.time - before.time);
  const line = (a: number, b: number): number => a + (b - a) * share;
  const then = new Map(after.tracks.map((track) => [track.track_id, track]));
  return before.tracks.flatMap((track) => {
    const next = then.get(track.track_id);
    if (!next) return [];
    const at = (edge: 0 | 1 | 2 | 3): number => line(track.bbox[edge], next.bbox[edge]);
    const bbox: TrackEntry["bbox"] = [at(0), at(1), at(2), at(3)];
    const center: [number, number] = [(bbox[0] + bbox[2]) / 2, (bbox[1] + bbox[3]) / 2];
    // Known at both ends, it is no guess: it is as old as the two say.
    return [{ ...track, bbox, center, state: "predicted", age_ms: line(track.age_ms, next.age_ms) }];
  });
}
