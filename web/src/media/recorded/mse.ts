// Plays a recording by the browser's own player of video, where there are no WebCodecs (pages without TLS have none) or
// they refuse: forwards up to 4x as it comes, all else by seeking from picture to picture.
import { now } from "../clock/now";
import { ALL_FRAMES, PlaybackClock } from "./clock";
import { Footage } from "./footage";
import type { Sample } from "./fmp4";
import { besides, endOf, shownAt, type Gop, type Gops } from "./gops";
import { MediaFeed } from "./mediafeed";
import { HZ, type Moment } from "./moment";
import type { Engine, EngineHost } from "./playing";
import { Search } from "./search";
import type { Failure, RecordingServer } from "./server";

/** The video is fed so many seconds ahead, and so much footage is fetched going fast or back. */
const AHEAD_S = 12;
const BEHIND_S = 4;
/** A picture that was sought and does not come for this long is sought again. */
const PATIENCE_MS = 1_500;
/** The end of what is recorded is met this near to it. */
const END_S = 0.08;

/** A picture that is sought. */
interface Goal {
  sample: Sample;
  /** When the video was last told to go there; null before the video holds it. */
  askedMs: number | null;
}

/** One recording, by Media Source. */
export class MseEngine implements Engine {
  readonly #server: RecordingServer;
  readonly #host: EngineHost;
  readonly #video: HTMLVideoElement;
  readonly #feed: MediaFeed;
  readonly #all: Footage;
  readonly #keys: Footage;
  readonly #clock: PlaybackClock;
  #search: Search | null = null;
  #goal: Goal | null = null;
  #steps = 0;
  #isPaused = false;
  #isEnded = false;
  #isStopped = false;
  #isFetching = false;
  #isAtBeginning = false;
  #shown: Sample | null = null;
  /** What the video is fed with. */
  #fedWith: Footage;
  #callback = 0;

  constructor(server: RecordingServer, rate: number, video: HTMLVideoElement, host: EngineHost) {
    this.#server = server;
    this.#host = host;
    this.#video = video;
    this.#clock = new PlaybackClock(0, rate);
    const look = (): void => { this.tick(now()); };
    this.#all = this.#fedWith = new Footage(server, false, look);
    this.#keys = new Footage(server, true, look);
    this.#feed = new MediaFeed(video, ({ name }) => { host.broken(name); });
    video.autoplay = false;
    this.#next();
  }

  /** Whether this browser has what it needs. */
  static get isPossible(): boolean {
    return MediaFeed.isPossible;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  get isSeeking(): boolean {
    return this.#search !== null || this.#steps !== 0;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  get shown(): Sample | null {
    return this.#shown;
  }

  get trouble(): Failure | "nothing" | null {
    return this.#fedWith.failure ?? (this.#search?.isNothing ? "nothing" : null);
  }

  seek(to: Moment): void {
    this.#search?.end();
    this.#steps = 0;
    this.#goal = null;
    this.#isEnded = this.#isAtBeginning = false;
    this.#use(this.#all);
    this.#clock.run(false, now());
    this.#video.pause();
    this.#search = new Search(to, this.#all, this.#server, (from, until) => { this.#host.skipped(from, until); });
    this.#host.changed();
  }

  pause(paused: boolean): void {
    this.#isPaused = paused;
    if (!paused) this.#steps = 0;
    this.#settle();
    this.#host.changed();
  }

  setRate(rate: number): void {
    const wasPlaying = this.#isPlaying;
    this.#clock.setRate(rate, now());
    this.#isEnded = this.#isAtBeginning = false;
    this.#goal = null;
    if (wasPlaying && this.#isPlaying) this.#settle();
    else if (this.#shown && !this.#search) this.seek({ time: this.#shown.time });
    this.#host.changed();
  }

  step(pictures: number): void {
    this.#isPaused = true;
    this.#steps += Math.trunc(pictures);
    this.#settle();
    this.#host.changed();
  }

  stop(): void {
    this.#isStopped = true;
    this.#search?.end();
    this.#all.stop();
    this.#keys.stop();
    this.#video.cancelVideoFrameCallback(this.#callback);
    this.#video.pause();
    this.#video.autoplay = true;
    this.#feed.stop();
  }

  tick(nowMs: number): void {
    if (this.#isStopped) return;
    if (this.#search) this.#seek(this.#search, nowMs);
    else if (this.#isPaused) this.#stand();
    else if (this.#shown && this.#isPlaying) this.#play(this.#shown);
    else if (this.#shown) this.#scrub(this.#shown, nowMs);
    if (this.#goal) this.#go(this.#goal, nowMs);
    const position = this.#position(nowMs);
    const ahead = AHEAD_S * HZ * Math.max(this.#clock.rate < 0 ? 0 : 1, this.#clock.rate);
    this.#fedWith.readUntil(position + ahead, position);
    this.#feed.feed(this.#wanted(position), position);
  }

  /** The video plays by itself; else it is led from picture to picture. */
  get #isPlaying(): boolean {
    return this.#clock.rate > 0 && this.#clock.rate <= ALL_FRAMES;
  }

  #position(nowMs: number): number {
    const { rate } = this.#clock;
    if (this.#search) return this.#search.place?.time ?? this.#shown?.time ?? 0;
    return this.#isPaused || this.#isPlaying || rate === 0 ? (this.#shown?.time ?? 0) : this.#clock.at(nowMs);
  }

  /** What the video has to hold: the GOP at the position and some after it, or before it. */
  #wanted(position: number): Gop[] {
    const { gops } = this.#fedWith;
    const at = this.#search ? this.#search.place?.gop : (gops.at(position) ?? gops.at(this.#shown?.time ?? 0));
    if (!at) return [];
    const wanted = [at];
    const until = position + AHEAD_S * HZ;
    const isBack = this.#clock.rate < 0 || this.#steps < 0;
    for (let gop = beside(at, gops, isBack); gop && (isBack ? wanted.length < 3 : gop.from < until); gop = beside(gop, gops, isBack)) wanted.push(gop);
    return wanted;
  }

  #use(footage: Footage): void {
    if (footage === this.#fedWith) return;
    this.#fedWith = footage;
    this.#feed.clear();
  }

  /** The clock runs where the video does not play by itself. */
  #settle(): void {
    const isMoving = !this.#isPaused && this.#search === null && this.#shown !== null;
    this.#clock.run(isMoving && !this.#isPlaying, now());
    this.#video.playbackRate = this.#isPlaying ? this.#clock.rate : 1;
    if (isMoving && this.#isPlaying) this.#video.play().catch(() => undefined);
    else this.#video.pause();
  }

  #seek(search: Search, nowMs: number): void {
    const { place } = search;
    const sample = place && (shownAt(place.gop, place.time) ?? place.gop.samples[0]);
    if (!place || !sample) return;
    // More pictures may have come in the meantime, of which one is the right one.
    if (this.#goal?.sample.time !== sample.time) this.#goal = { sample, askedMs: null };
    const later = besides(place.gop, sample.time, 1)?.time ?? place.gop.next;
    const isSure = later === null ? this.#all.ended : later > place.time;
    if (!isSure || this.#shown?.time !== sample.time) return;
    this.#search = this.#goal = null;
    this.#clock.set(Math.max(place.time, sample.time), nowMs);
    this.#settle();
    this.#host.changed();
  }

  /** Has the video go to the picture that is sought. */
  #go(goal: Goal, nowMs: number): void {
    const { sample, askedMs } = goal;
    if (askedMs !== null && nowMs - askedMs < PATIENCE_MS) return;
    const middle = sample.time + Math.max(1, sample.duration / 2);
    if (this.#video.seeking || !this.#feed.holds(middle)) return;
    goal.askedMs = nowMs;
    this.#video.currentTime = this.#feed.secondsOf(middle);
  }

  #stand(): void {
    const { shown } = this;
    if (this.#steps === 0 || !shown || this.#goal) return;
    const direction = this.#steps > 0 ? 1 : -1;
    const gop = this.#all.gops.at(shown.time);
    if (!gop) {
      this.seek({ time: shown.time });
      return;
    }
    const sample = this.#beside(gop, shown.time, direction);
    if (sample) {
      this.#goal = { sample, askedMs: null };
    } else if (direction > 0 ? this.#all.ended : this.#isAtBeginning) {
      this.#steps = 0;
      this.#host.changed();
    }
  }

  /** The picture before or after, in this GOP or the next, which is fetched if it is not here. */
  #beside(gop: Gop, time: number, direction: 1 | -1): Sample | null {
    const found = besides(gop, time, direction);
    if (found) return found;
    const { gops } = this.#fedWith;
    const other = beside(gop, gops, direction < 0);
    if (other) return besides(other, time, direction);
    if (direction < 0) this.#fetchBefore(gop);
    else if (!this.#fedWith.reads(gop)) this.#fedWith.readFrom({ time: gop.next ?? gop.from });
    return null;
  }

  #fetchBefore(gop: Gop): void {
    if (this.#isFetching || this.#isAtBeginning) return;
    this.#isFetching = true;
    void this.#fedWith.before(gop, BEHIND_S * Math.max(1, Math.abs(this.#clock.rate))).then((before) => {
      this.#isFetching = false;
      this.#isAtBeginning = before === null;
    });
  }

  /** The video plays: it is led over holes, and its end is told. */
  #play(shown: Sample): void {
    const gop = this.#all.gops.at(shown.time);
    if (gop && gop.next === null && !this.#all.reads(gop)) this.#all.readFrom({ time: gop.from });
    const { currentTime } = this.#video;
    const range = this.#feed.rangeAt(currentTime);
    const isAtEnd = range === null || range.end - currentTime < END_S;
    const last = gop && endOf(this.#all.gops.lastFrom(gop));
    const isEnded = isAtEnd && this.#all.ended && (last === undefined || this.#feed.secondsOf(last) - currentTime < 2 * END_S);
    if (isAtEnd && range?.next) {
      this.#host.skipped(this.#feed.timeOf(range.end), this.#feed.timeOf(range.next));
      this.#video.currentTime = range.next + 0.001;
    }
    this.#end(isEnded);
  }

  /** The video stands, and is led to the picture that is due. */
  #scrub(shown: Sample, nowMs: number): void {
    const { rate } = this.#clock;
    const isByKeys = Math.abs(rate) > ALL_FRAMES;
    const footage = isByKeys ? this.#keys : this.#all;
    if (footage !== this.#fedWith) {
      this.#use(footage);
      if (!footage.gops.at(shown.time)) footage.readFrom({ time: shown.time });
    }
    const position = this.#clock.at(nowMs);
    const here = footage.gops.at(shown.time) ?? footage.begun;
    if (!here) {
      this.#clock.hold(shown.time, nowMs);
      return;
    }
    const at = footage.gops.at(position);
    if (at) {
      const due = shownAt(at, position) ?? at.samples[0];
      if (rate < 0 && at.previous === null) this.#fetchBefore(at);
      if (rate > 0 && at.next === null && !footage.reads(at)) footage.readFrom({ time: at.from });
      if (due && due.time !== shown.time && !this.#goal) this.#goal = { sample: due, askedMs: null };
      this.#end(false);
      return;
    }
    // Between two pieces of footage is a hole, or what comes next is not here yet.
    const beside = this.#beside(rate > 0 ? footage.gops.lastFrom(here) : here, rate > 0 ? endOf(here) - 1 : here.from, rate > 0 ? 1 : -1);
    const limit = rate > 0 ? endOf(footage.gops.lastFrom(here)) - 1 : here.from;
    if (beside && Math.abs(beside.time - position) > 2 * HZ) {
      this.#host.skipped(limit, beside.time);
      this.#clock.set(beside.time, nowMs);
    } else {
      this.#clock.hold(beside?.time ?? limit, nowMs);
    }
    this.#end(!beside && (rate > 0 ? footage.ended : this.#isAtBeginning));
  }

  #end(isEnded: boolean): void {
    if (isEnded === this.#isEnded) return;
    this.#isEnded = isEnded;
    this.#host.changed();
  }

  #next(): void {
    this.#callback = this.#video.requestVideoFrameCallback((_now, { mediaTime }) => {
      this.#next();
      this.#present(mediaTime);
    });
  }

  /** The video shows a frame: its time is its name. */
  #present(mediaTime: number): void {
    const frame = typeof VideoFrame === "undefined" ? null : taken(this.#video);
    try {
      const time = this.#feed.timeOf(frame ? frame.timestamp / 1e6 : mediaTime);
      const sample = nearest(this.#fedWith, time);
      if (!sample) return;
      this.#shown = sample;
      // The video waits for no tracks: they are asked for, and drawn when they come.
      this.#host.isReady(sample.time);
      if (frame) this.#host.draw(frame, sample, frame.displayWidth, frame.displayHeight);
      else this.#host.draw(this.#video, sample, this.#video.videoWidth, this.#video.videoHeight);
      if (this.#goal?.sample.time === sample.time) {
        this.#goal = null;
        if (!this.#search) this.#steps -= Math.sign(this.#steps);
        if (!this.#search && this.#isPaused && this.#steps === 0) this.#host.changed();
      }
    } finally {
      frame?.close();
    }
    this.tick(now());
  }
}

/** The GOP after `gop`, or before it, if it is here. */
function beside({ next, previous }: Gop, gops: Gops, isBack: boolean): Gop | undefined {
  const from = isBack ? previous : next;
  return from === null ? undefined : gops.get(from);
}

function taken(video: HTMLVideoElement): VideoFrame | null {
  try {
    return new VideoFrame(video);
  } catch {
    return null;
  }
}

/** The picture of `footage` nearest to a time that was rounded on its way. */
function nearest({ gops }: Footage, time: number): Sample | null {
  const gop = gops.at(time) ?? gops.at(time + 2) ?? gops.at(time - 2);
  let found: Sample | null = null;
  for (const sample of gop?.samples ?? []) if (!found || Math.abs(sample.time - time) < Math.abs(found.time - time)) found = sample;
  return found;
}
