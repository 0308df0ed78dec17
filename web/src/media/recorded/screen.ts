// The screen of a player of recordings: each picture with the tracks of its own frame, drawn as live video is.
import { now } from "../clock/now";
import type { DrawOptions } from "../draw";
import type { Presenter } from "../presenter";
import type { RecordedFrame } from "./details";
import type { Sample } from "./fmp4";
import { HZ, rtpOf } from "./moment";
import { RecordedTracks } from "./recordedtracks";
import type { RecordingSource } from "./server";

/** Pictures wait for their tracks so long at most; if that was in vain, none waits for some time. */
const PATIENCE_MS = 1_000;
const IMPATIENT_MS = 5_000;
/** Tracks are asked for so far ahead, in seconds of watching. */
const TRACKS_AHEAD_S = 5;
/** Frames whose rate is told: those of the last second. */
const FPS_MS = 1_000;
/** Different classes remembered at most, for those who choose among them. */
const CLASSES = 100;

/** What the screen tells its owner. */
export interface ScreenEvents {
  /** A picture was drawn, or was drawn again with tracks that came later. */
  onFrame(frame: RecordedFrame): void;
  /** Pictures that wait for their tracks may be looked at again. */
  onTracks(): void;
}

/** Draws recorded pictures. */
export class Screen {
  readonly presenter: Presenter;
  /** Of the tracks so far. */
  readonly classes = new Set<string>();
  readonly #tracks: RecordedTracks;
  readonly #events: ScreenEvents;
  #frame: RecordedFrame | null = null;
  /** The picture on the screen, for when its tracks come later; without an image where a video shows it. */
  #last: { image: VideoFrame | null; sample: Sample } | null = null;
  #drawnMs: number[] = [];
  #waitingMs: number | null = null;
  #impatientUntilMs = 0;

  /** `Presenting` is the class that draws live video. */
  constructor(server: RecordingSource, canvas: HTMLCanvasElement, options: DrawOptions, Presenting: typeof Presenter, events: ScreenEvents) {
    this.#events = events;
    this.#tracks = new RecordedTracks(server, () => { this.#tracksCame(); }, (name) => {
      if (this.classes.size < CLASSES) this.classes.add(name);
    });
    // Whatever the mode of live video: nothing has to be waited for that makes it exact.
    this.presenter = new Presenting(canvas, this.#tracks, "exact", options);
  }

  /** The last drawn frame; null before the first. */
  get frame(): RecordedFrame | null {
    return this.#frame;
  }

  /** Frames drawn in the last second. */
  get fps(): number {
    return this.#drawnMs.filter((at) => now() - at < FPS_MS).length;
  }

  /** Ends. */
  stop(): void {
    this.#tracks.stop();
    this.presenter.stop();
    this.#last?.image?.close();
    this.#last = null;
  }

  /** Whether the tracks for the picture of `time` are there; where they do not come, pictures wait no more. */
  isReady(time: number, rate: number): boolean {
    const nowMs = now();
    if (this.#tracks.knows(time, TRACKS_AHEAD_S * HZ * rate)) {
      this.#waitingMs = null;
      return true;
    }
    if (nowMs < this.#impatientUntilMs) return true;
    this.#waitingMs ??= nowMs;
    if (nowMs - this.#waitingMs < PATIENCE_MS) return false;
    this.#waitingMs = null;
    this.#impatientUntilMs = nowMs + IMPATIENT_MS;
    return true;
  }

  /** Draws a picture, which the caller closes. */
  draw(image: VideoFrame | HTMLVideoElement, sample: Sample, width: number, height: number): void {
    const before = this.#last?.image;
    this.#last = { image: "clone" in image ? image.clone() : null, sample };
    before?.close();
    this.#present(image, sample, width, height);
  }

  /** Draws the picture on the screen once more, with the tracks that there are now. */
  redraw(): void {
    if (!this.#last?.image) return;
    const { image, sample } = this.#last;
    this.#present(image, sample, image.displayWidth, image.displayHeight);
  }

  #present(image: VideoFrame | HTMLVideoElement, sample: Sample, width: number, height: number): void {
    const nowMs = now();
    const rtp = rtpOf(sample.time);
    this.#tracks.near = sample.time;
    // Live video is kept from the eye while it catches up; here every picture is the one that was asked for.
    this.presenter.gate.reset();
    this.presenter.gate.noteEdge(rtp, nowMs);
    const drawn = this.presenter.present({ image, width, height, rtp, source: "videoframe", doubtful: false, receivedMs: null, presentedMs: nowMs }, 0);
    if (!drawn) return;
    this.#drawnMs = [...this.#drawnMs.filter((at) => nowMs - at < FPS_MS), nowMs];
    this.#frame = { ...drawn, mediaTime: String(sample.time), unix: sample.unix };
    this.#events.onFrame(this.#frame);
  }

  #tracksCame(): void {
    this.#events.onTracks();
    if (this.#frame?.mode === "none") this.redraw();
  }
}
