// Plays a recording by WebCodecs: every picture has its name, forwards, backwards, step by step.
import { now } from "../clock/now";
import { Backwards } from "./backwards";
import { ALL_FRAMES, PlaybackClock } from "./clock";
import type { Coding } from "./coding";
import { decodes, type Decoded } from "./decoder";
import { Footage } from "./footage";
import type { Sample } from "./fmp4";
import { endOf, type Gop } from "./gops";
import { Forwards } from "./forwards";
import { KeyPictures } from "./keypictures";
import { HZ, type Moment } from "./moment";
import { backwards, forwards, keyPictures, type Advance } from "./motion";
import type { Engine, EngineHost } from "./playing";
import { Search } from "./search";
import type { Failure, RecordingSource } from "./server";

/** Footage is here for so many seconds of watching ahead. */
const AHEAD_S = 10;
/** At the end of what is recorded playback goes on when so much more is there, or has been waited for. */
const CUSHION_S = 1.5;
const CUSHION_WAIT_MS = 3_000;

/** One recording, by WebCodecs. */
export class CodecsEngine implements Engine {
  readonly #server: RecordingSource;
  readonly #host: EngineHost;
  readonly #all: Footage;
  readonly #keys: Footage;
  readonly #forwards: Forwards;
  readonly #backwards: Backwards;
  readonly #keyPictures: KeyPictures;
  readonly #clock: PlaybackClock;
  #search: Search | null = null;
  #isStopped = false;
  #isPaused = false;
  #isEnded = false;
  #endedMs = 0;
  #steps = 0;
  #shown: Sample | null = null;
  /** The picture that `Forwards` gave last: it goes on from there, or has to begin anew. */
  #given: Sample | null = null;
  /** By codec; false also while the browser is being asked. */
  readonly #decodable = new Map<string, boolean>();

  constructor(server: RecordingSource, rate: number, host: EngineHost) {
    this.#server = server;
    this.#host = host;
    this.#clock = new PlaybackClock(0, rate);
    const look = (): void => { this.tick(now()); };
    const broken = (): void => { host.broken(this.#all.begun?.coding.name ?? "such"); };
    this.#all = new Footage(server, false, look);
    this.#keys = new Footage(server, true, look);
    this.#forwards = new Forwards(this.#all, (key) => {
      if (this.#search && host.isReady(key.sample.time)) this.#draw(key);
    }, broken);
    this.#backwards = new Backwards(this.#all, look, broken);
    this.#keyPictures = new KeyPictures(this.#keys, look, broken);
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
    return this.#all.failure ?? (this.#byKeys ? this.#keys.failure : null) ?? (this.#search?.isNothing ? "nothing" : null);
  }

  /** Shows the picture of this moment, the key picture before it at once. */
  seek(to: Moment): void {
    this.#steps = 0;
    this.#begin(to);
    this.#host.changed();
  }

  pause(paused: boolean): void {
    if (paused === this.#isPaused) return;
    this.#isPaused = paused;
    if (!paused) this.#steps = 0;
    this.#settle();
    this.#host.changed();
  }

  setRate(rate: number): void {
    if (rate === this.#clock.rate) return;
    const wasByKeys = this.#byKeys;
    this.#clock.setRate(rate, now());
    this.#isEnded = false;
    if (wasByKeys !== this.#byKeys) this.#keyPictures.clear();
    this.#settle();
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
    this.#forwards.stop();
    this.#backwards.stop();
    this.#keyPictures.stop();
  }

  /** Looks what is due. */
  tick(nowMs: number): void {
    if (this.#isStopped) return;
    const { rate } = this.#clock;
    if (this.#search) this.#seek(this.#search, nowMs);
    else if (this.#isPaused) this.#stand();
    else if (this.#shown) this.#move(this.#shown, nowMs);
    const position = this.#clock.at(nowMs);
    const ahead = AHEAD_S * HZ * Math.max(rate < 0 ? 0 : 1, rate);
    this.#all.readUntil((this.#search?.place?.time ?? position) + (this.#byKeys ? 0 : ahead), position);
    this.#keys.readUntil(position + ahead, position);
    if (this.#forwards.begun) this.#forwards.pump(nowMs);
  }

  get #byKeys(): boolean {
    return Math.abs(this.#clock.rate) > ALL_FRAMES;
  }

  #begin(to: Moment): void {
    this.#search?.end();
    this.#isEnded = false;
    this.#given = null;
    this.#forwards.clear();
    this.#backwards.clear();
    this.#keyPictures.clear();
    this.#clock.run(false, now());
    this.#search = new Search(to, this.#all, this.#server, (from, until) => { this.#host.skipped(from, until); });
  }

  /** Whether this browser is known to decode it; asks, where that is not known. */
  #isDecodable(coding: Coding): boolean {
    const known = this.#decodable.get(coding.codec);
    if (known === undefined) {
      this.#decodable.set(coding.codec, false);
      void decodes(coding).then((can) => {
        this.#decodable.set(coding.codec, can);
        if (this.#isStopped) return;
        if (can) this.tick(now());
        else this.#host.broken(coding.name);
      });
    }
    return known ?? false;
  }

  #seek(search: Search, nowMs: number): void {
    const { place } = search;
    if (!place || !this.#isDecodable(place.gop.coding)) return;
    if (!this.#forwards.begun) this.#forwards.begin(place.gop, place.time);
    this.#forwards.pump(nowMs);
    const next = this.#forwards.next;
    if (!next || !this.#host.isReady(next.sample.time)) return;
    this.#search = null;
    this.#clock.set(Math.max(place.time, next.sample.time), nowMs);
    this.#drawNext();
    this.#settle();
    this.#host.changed();
  }

  /** The clock runs while there is something to see move. */
  #settle(): void {
    this.#clock.run(!this.#isPaused && !this.#search && this.#shown !== null, now());
  }

  /** Paused: steps are taken, and the pictures for the next ones kept ready. */
  #stand(): void {
    const { shown } = this;
    if (!shown) return;
    while (this.#steps !== 0 && this.#step(Math.sign(this.#steps) as 1 | -1)) this.#steps -= Math.sign(this.#steps);
    const isAtEnd = this.#steps > 0 ? this.#forwards.isAtEnd : this.#backwards.isFirst(this.#shown?.time ?? 0);
    if (this.#steps !== 0 && !isAtEnd) return;
    if (this.#shown !== shown || this.#steps !== 0) {
      this.#steps = 0;
      this.#host.changed();
    }
    this.#backwards.before(this.#shown?.time ?? 0);
  }

  #step(direction: 1 | -1): boolean {
    const { shown } = this;
    if (!shown || !this.#gopOf(shown)) return false;
    const kept = direction < 0 ? this.#backwards.before(shown.time) : this.#backwards.after(shown.time);
    if (kept) {
      if (!this.#host.isReady(kept.sample.time)) return false;
      this.#show(kept);
      return true;
    }
    if (direction < 0 || !this.#isInStep(shown)) return false;
    const { next } = this.#forwards;
    if (!next || !this.#host.isReady(next.sample.time)) return false;
    this.#drawNext();
    return true;
  }

  /** Whether `Forwards` goes on from the picture on the screen; if not, it begins there. */
  #isInStep(shown: Sample): boolean {
    if (this.#given === shown) return true;
    const gop = this.#gopOf(shown);
    if (!gop) return false;
    this.#given = shown;
    this.#forwards.begin(gop, shown.time, true);
    return true;
  }

  /** The GOP of the picture on the screen, which is fetched if it is not here, as after going fast. */
  #gopOf(shown: Sample): Gop | undefined {
    const gop = this.#all.gops.at(shown.time);
    if (!gop) this.#begin({ time: shown.time });
    return gop;
  }

  #move(shown: Sample, nowMs: number): void {
    const { rate } = this.#clock;
    const position = this.#clock.at(nowMs);
    const isReady = (time: number): boolean => this.#host.isReady(time);
    let advance: Advance;
    if (this.#byKeys) {
      advance = keyPictures(this.#keyPictures, shown, position, rate, isReady);
    } else if (rate > 0) {
      if (!this.#isInStep(shown)) return;
      this.#forwards.pump(nowMs);
      if (this.#isEnded && !this.#hasCushion(shown, nowMs)) return;
      advance = forwards(this.#forwards, shown, position, isReady);
    } else {
      if (!this.#gopOf(shown)) return;
      advance = backwards(this.#backwards, shown, position, isReady);
    }
    this.#apply(advance, nowMs);
  }

  #apply({ picture, hold, hole, isEnd = false }: Advance, nowMs: number): void {
    if (hold !== undefined) this.#clock.hold(hold, nowMs);
    if (hole) {
      this.#clock.set(hole.to, nowMs);
      this.#host.skipped(hole.from, hole.to);
    }
    if (picture) {
      if (this.#clock.rate > 0 && !this.#byKeys) this.#given = picture.sample;
      this.#draw(picture);
      picture.image.close();
    }
    if (isEnd === this.#isEnded) return;
    this.#isEnded = isEnd;
    this.#endedMs = nowMs;
    this.#host.changed();
  }

  /** At the live end pictures come a second at a time: without a cushion playback would stand and go. */
  #hasCushion(shown: Sample, nowMs: number): boolean {
    const gop = this.#all.gops.at(shown.time);
    const newest = gop ? endOf(this.#all.gops.lastFrom(gop)) : shown.time;
    const isEnough = newest - shown.time > (CUSHION_S + shown.duration / HZ) * HZ;
    if (newest <= shown.time + shown.duration) this.#endedMs = nowMs;
    return isEnough || nowMs - this.#endedMs > CUSHION_WAIT_MS;
  }

  /** The next picture of `Forwards`, onto the screen. */
  #drawNext(): void {
    const picture = this.#forwards.take();
    if (!picture) return;
    this.#given = picture.sample;
    this.#show(picture);
    picture.image.close();
  }

  /** Draws a picture to which the position goes. */
  #show(picture: Decoded): void {
    if (!this.#clock.running && !this.#search) this.#clock.set(picture.sample.time, now());
    this.#draw(picture);
  }

  #draw({ sample, image }: Decoded): void {
    this.#shown = sample;
    this.#host.draw(image, sample, image.displayWidth, image.displayHeight);
  }
}
