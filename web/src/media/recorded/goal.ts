// A picture that a <video> is led to.
import type { Sample } from "./fmp4";
import type { MediaFeed } from "./mediafeed";

/** One that does not come for this long is sought again. */
const PATIENCE_MS = 1_500;

/** The picture that is sought now, if any. */
export class Goal {
  readonly #video: HTMLVideoElement;
  readonly #feed: MediaFeed;
  #sample: Sample | null = null;
  /** When the video was last told to go there; null before it holds the picture. */
  #askedMs: number | null = null;

  constructor(video: HTMLVideoElement, feed: MediaFeed) {
    this.#video = video;
    this.#feed = feed;
  }

  /** Whether a picture is sought. */
  get isSet(): boolean {
    return this.#sample !== null;
  }

  /** Whether this picture is what is sought. */
  is(sample: Sample): boolean {
    return this.#sample?.time === sample.time;
  }

  /** Whether the video is on its way, and may be waited for. */
  isUnderWay(nowMs: number): boolean {
    return this.#sample !== null && this.#askedMs !== null && nowMs - this.#askedMs < PATIENCE_MS;
  }

  /** Seeks this picture from now on; null: none. */
  set(sample: Sample | null): void {
    if (sample && this.is(sample)) return;
    this.#sample = sample;
    this.#askedMs = null;
  }

  /** Has the video go there, once it can; true when it was told to. */
  go(nowMs: number): boolean {
    if (!this.#sample || this.isUnderWay(nowMs)) return false;
    // At its edge rounding might lead to the picture before.
    const middle = this.#sample.time + Math.max(1, this.#sample.duration / 2);
    if (this.#video.seeking || !this.#feed.holds(middle)) return false;
    this.#askedMs = nowMs;
    this.#video.currentTime = this.#feed.secondsOf(middle);
    return true;
  }
}
