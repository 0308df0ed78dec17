// Plays a recording by the browser's own player of video, where there are no WebCodecs (pages without TLS have none) or
// they refuse: forwards up to 4x as it comes, all else by seeking from picture to picture.
import { now } from "../clock/now";
import { ALL_FRAMES, PlaybackClock } from "./clock";
import { Footage } from "./footage";
import type { Sample } from "./fmp4";
import { Goal } from "./goal";
import { besides, endOf, shownAt, type Gop } from "./gops";
import { MediaFeed } from "./mediafeed";
import { MediaFrames } from "./mediaframes";
import { HZ, type Moment } from "./moment";
import type { Engine, EngineHost } from "./playing";
import { Reel } from "./reel";
import { Search } from "./search";
import type { Failure, RecordingSource } from "./server";

/** The video is fed so many seconds ahead, and so much footage is fetched going fast or back. */
const AHEAD_S = 12;
const BEHIND_S = 4;
/** The end of what is recorded is met this near to it. */
const END_S = 0.08;

/** One recording, by Media Source. */
export class MseEngine implements Engine {
  readonly #server: RecordingSource;
  readonly #host: EngineHost;
  readonly #video: HTMLVideoElement;
  readonly #feed: MediaFeed;
  readonly #frames: MediaFrames;
  readonly #all: Reel;
  readonly #keys: Reel;
  readonly #clock: PlaybackClock;
  readonly #goal: Goal;
  #search: Search | null = null;
  #steps = 0;
  #isPaused = false;
  #isEnded = false;
  #isStopped = false;
  #shown: Sample | null = null;
  /** What the video is fed with. */
  #fedWith: Reel;
  /** The video was emptied under the picture it shows: without a seek it would not go on before the next key picture. */
  #isStale = false;

  constructor(server: RecordingSource, rate: number, video: HTMLVideoElement, host: EngineHost) {
    this.#server = server;
    this.#host = host;
    this.#video = video;
    this.#clock = new PlaybackClock(0, rate);
    const look = (): void => { this.tick(now()); };
    this.#all = this.#fedWith = new Reel(new Footage(server, false, look), look);
    this.#keys = new Reel(new Footage(server, true, look), look);
    this.#feed = new MediaFeed(video, ({ name }) => { host.broken(name); });
    this.#goal = new Goal(video, this.#feed);
    video.autoplay = false;
    this.#frames = new MediaFrames(video, (seconds, frame) => { this.#present(this.#feed.timeOf(seconds), frame); });
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
    return this.#fedWith.footage.failure ?? (this.#search?.isNothing ? "nothing" : null);
  }

  seek(to: Moment): void {
    this.#search?.end();
    this.#steps = 0;
    this.#goal.set(null);
    this.#isEnded = false;
    this.#all.leave();
    this.#use(this.#all);
    this.#clock.run(false, now());
    this.#video.pause();
    this.#search = new Search(to, this.#all.footage, this.#server, (from, until) => { this.#host.skipped(from, until); });
    this.#host.changed();
  }

  pause(paused: boolean): void {
    this.#isPaused = paused;
    if (!paused) this.#steps = 0;
    this.#settle();
    this.#host.changed();
  }

  setRate(rate: number): void {
    const goesOn = playsByItself(rate) && playsByItself(this.#clock.rate);
    this.#clock.setRate(rate, now());
    this.#isEnded = false;
    this.#goal.set(null);
    if (goesOn) this.#settle();
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
    this.#all.footage.stop();
    this.#keys.footage.stop();
    this.#frames.stop();
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
    if (this.#goal.go(nowMs)) this.#isStale = false;
    const position = this.#position(nowMs);
    const ahead = AHEAD_S * HZ * Math.max(this.#clock.rate < 0 ? 0 : 1, this.#clock.rate);
    this.#fedWith.footage.readUntil(position + ahead, position);
    this.#feed.feed(this.#wanted(position), position);
  }

  get #isPlaying(): boolean {
    return playsByItself(this.#clock.rate);
  }

  #position(nowMs: number): number {
    if (this.#search) return this.#search.place?.time ?? this.#shown?.time ?? 0;
    return this.#isPaused || this.#isPlaying ? (this.#shown?.time ?? 0) : this.#clock.at(nowMs);
  }

  /** What the video has to hold: the GOP at the position and some after it, or before it. */
  #wanted(position: number): Gop[] {
    const { gops } = this.#fedWith.footage;
    const at = this.#search ? this.#search.place?.gop : (gops.at(position) ?? gops.at(this.#shown?.time ?? 0));
    const isBack = this.#clock.rate < 0 || this.#steps < 0;
    return at ? this.#fedWith.along(at, isBack ? -1 : 1, position + AHEAD_S * HZ) : [];
  }

  #use(reel: Reel): void {
    if (reel === this.#fedWith) return;
    this.#fedWith = reel;
    reel.leave();
    this.#feed.clear();
    this.#isStale = true;
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
    this.#goal.set(sample);
    const later = besides(place.gop, sample.time, 1)?.time ?? place.gop.next;
    const isSure = later === null ? this.#all.footage.ended : later > place.time;
    if (!isSure || this.#isStale || this.#video.seeking || this.#shown?.time !== sample.time) return;
    this.#search = null;
    this.#goal.set(null);
    this.#clock.set(Math.max(place.time, sample.time), nowMs);
    this.#settle();
    this.#host.changed();
  }

  #stand(): void {
    const { shown } = this;
    if (this.#steps === 0 || !shown || this.#goal.isSet) return;
    const direction = this.#steps > 0 ? 1 : -1;
    const gop = this.#all.footage.gops.at(shown.time);
    if (!gop) {
      this.seek({ time: shown.time });
      return;
    }
    const sample = this.#all.beside(gop, shown.time, direction, BEHIND_S);
    if (sample) {
      this.#goal.set(sample);
    } else if (direction > 0 ? this.#all.footage.ended : this.#all.isAtBeginning) {
      this.#steps = 0;
      this.#host.changed();
    }
  }

  /** The video plays: it is led over holes, and its end is told. */
  #play(shown: Sample): void {
    const { gops, ended } = this.#all.footage;
    const gop = gops.at(shown.time);
    if (gop) this.#all.fetch(gops.lastFrom(gop), 1, 0);
    const { currentTime } = this.#video;
    const range = this.#feed.rangeAt(currentTime);
    const isAtEnd = range === null || range.end - currentTime < END_S;
    const last = gop && this.#feed.secondsOf(endOf(gops.lastFrom(gop)));
    if (isAtEnd && range?.next) {
      this.#host.skipped(this.#feed.timeOf(range.end), this.#feed.timeOf(range.next));
      this.#video.currentTime = range.next + 0.001;
    }
    this.#end(isAtEnd && ended && (last === undefined || last - currentTime < 2 * END_S));
  }

  /** The video stands, and is led to the picture that is due. */
  #scrub(shown: Sample, nowMs: number): void {
    const { rate } = this.#clock;
    const direction = rate > 0 ? 1 : -1;
    const isByKeys = Math.abs(rate) > ALL_FRAMES;
    const reel = isByKeys && !this.#all.isReordered(shown.time) ? this.#keys : this.#all;
    const { footage } = reel;
    if (reel !== this.#fedWith) {
      this.#use(reel);
      if (!footage.gops.at(shown.time)) footage.readFrom({ time: shown.time });
    }
    const here = footage.gops.at(shown.time) ?? footage.begun;
    const position = this.#clock.at(nowMs);
    const at = footage.gops.at(position);
    const spanS = BEHIND_S * Math.max(1, Math.abs(rate));
    if (at) {
      const due = (isByKeys ? null : shownAt(at, position)) ?? at.samples[0];
      reel.fetch(at, direction, spanS);
      if (due && !this.#goal.isUnderWay(nowMs)) this.#goal.set(due.time === shown.time ? null : due);
      this.#end(false);
    } else if (here) {
      this.#atEdge(reel, direction > 0 ? footage.gops.lastFrom(here) : here, direction, nowMs, spanS);
    } else {
      this.#clock.hold(shown.time, nowMs);
    }
  }

  /** Between two pieces of footage is a hole, or what comes next is not here yet. */
  #atEdge(reel: Reel, gop: Gop, direction: 1 | -1, nowMs: number, spanS: number): void {
    const edge = direction > 0 ? endOf(gop) - 1 : gop.from;
    const next = reel.beside(gop, edge, direction, spanS);
    if (next && Math.abs(next.time - edge) > 2 * HZ) {
      this.#host.skipped(edge, next.time);
      this.#clock.set(next.time, nowMs);
    } else {
      this.#clock.hold(next?.time ?? edge, nowMs);
    }
    this.#end(!next && (direction > 0 ? reel.footage.ended : reel.isAtBeginning));
  }

  #end(isEnded: boolean): void {
    if (isEnded === this.#isEnded) return;
    this.#isEnded = isEnded;
    this.#host.changed();
  }

  /** The video shows the picture of `time`; `frame` is it, where there are such. */
  #present(time: number, frame: VideoFrame | null): void {
    const sample = this.#fedWith.footage.gops.nearest(time);
    // On the way to a picture that is sought others may come past.
    if (!sample || (this.#goal.isSet ? !this.#goal.is(sample) : this.#search)) return;
    this.#shown = sample;
    // The video waits for no tracks: they are asked for, and drawn when they come.
    this.#host.isReady(sample.time);
    if (frame) this.#host.draw(frame, sample, frame.displayWidth, frame.displayHeight);
    else this.#host.draw(this.#video, sample, this.#video.videoWidth, this.#video.videoHeight);
    if (this.#goal.isSet) {
      this.#goal.set(null);
      if (!this.#search) this.#steps -= Math.sign(this.#steps);
      if (!this.#search && this.#isPaused && this.#steps === 0) this.#host.changed();
    }
    this.tick(now());
  }
}

/** The video plays forwards by itself at such a rate; else it is led from picture to picture. */
function playsByItself(rate: number): boolean {
  return rate > 0 && rate <= ALL_FRAMES;
}
