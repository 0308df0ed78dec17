// What happens to a presented frame: is it for the eye, which boxes are its own, and onto the canvas with them.
import type { TrackEntry, ViewerSession } from "../wire";
import { CatchUpGate } from "./catchup";
import { now } from "./clock/now";
import { rtpAddMs, rtpDiffMs } from "./clock/rtp";
import { Overlay, type DrawOptions, type Scene } from "./draw";
import { ALL_TRACKS, filtered, type TrackFilter } from "./filter";
import type { FrameSource, PresentedFrame } from "./frames";
import { Picture } from "./picture";
import { renditionOf, type Rendition } from "./rendition";
import { Rolling } from "./rolling";
import type { FrameMode, Lookup, TrackSource } from "./trackmap";
import type { View } from "./zoom";

/** How much of the past a trail shows. */
const TRAIL_MS = 1_500;
/** Detections that would have confirmed a box, before it counts as missed: one, and half of the next for its delay. */
const MISSED_AFTER = 1.5;
/** Frames whose skew is remembered: 10 s at 60 per second. */
const SKEWS = 600;
const NO_TRAILS = new Map<number, [number, number][]>();

/** `exact`: picture and boxes from one frame, playout held; `live`: no hold, boxes extrapolated over the video. */
export type PlayerMode = "exact" | "live";

/** One track as drawn, in pixels of the track frame's size. */
export type DrawnTrack = Pick<TrackEntry, "track_id" | "bbox" | "source" | "state" | "class" | "confidence">;

/** The last drawn frame, as `player.frame` and the `razz-frame` event tell it. */
export interface DrawnFrame {
  /** The frame on the canvas; null where the browser does not name its frames. */
  rtpTimestamp: number | null;
  /** The frame whose tracks are drawn; null with mode `none`. */
  tracksRtpTimestamp: number | null;
  mode: FrameMode;
  /** How near the frame the tracks are, in milliseconds, with mode `near`. */
  nearMs?: number | undefined;
  /** Which encoding of the camera it is. */
  rendition: Rendition;
  tracks: DrawnTrack[];
}

/** Frames drawn by mode, and those kept from the eye while catching up. */
export type FrameCounts = Record<FrameMode | "hidden", number>;

/** Draws what is presented. */
export class Presenter {
  /** Decides which frames are shown. */
  readonly gate = new CatchUpGate();
  /** What the server last said of the session, and what there is to be sent in it. */
  session: ViewerSession | null = null;
  /** Frames since the element was attached. */
  readonly counts: FrameCounts = { exact: 0, near: 0, interpolated: 0, extrapolated: 0, none: 0, hidden: 0 };
  readonly #overlay: Overlay;
  readonly #map: TrackSource;
  #mode: PlayerMode;
  #options: DrawOptions;
  #scene: Scene | null = null;
  /** The picture on the screen, or the last that was; open until the next replaces it. */
  #picture: Picture | null = null;
  #frame: DrawnFrame | null = null;
  #source: FrameSource = "videoframe";
  #filter: TrackFilter = ALL_TRACKS;
  /** The frame on the canvas was drawn with another filter: a recording that stands still is drawn once more. */
  #isStale = false;
  #opaque = false;
  #words: readonly string[] = [];
  readonly #skews = new Rolling(SKEWS);

  constructor(canvas: HTMLCanvasElement, map: TrackSource, mode: PlayerMode, options: DrawOptions) {
    this.#map = map;
    this.#mode = mode;
    this.#options = options;
    this.#overlay = new Overlay(canvas, () => {
      this.#redraw();
    });
  }

  /** The last drawn frame; null before the first. */
  get frame(): DrawnFrame | null {
    return this.#frame;
  }

  /** What named the last frame. */
  get source(): FrameSource {
    return this.#source;
  }

  /** Width and height of the picture on the screen. */
  get pictureSize(): readonly [number, number] | null {
    return this.#picture ? [this.#picture.width, this.#picture.height] : null;
  }

  /** Width and height that it fills on the screen; see `Overlay.pictureArea`. */
  get pictureArea(): readonly [number, number] {
    return this.#overlay.pictureArea;
  }

  /** Milliseconds between picture and boxes over the last frames, without sign: half of them, and 95 %; null of none. */
  get skewsMs(): { p50: number; p95: number } | null {
    return this.#skews.percentiles;
  }

  /** What drawing boxes, trails and labels costs, in milliseconds a frame. */
  get costMs(): { p50: number; p95: number } | null {
    return this.#overlay.costMs;
  }

  /** Follows the canvas' size from now on. */
  start(): void {
    this.#overlay.start();
  }

  /** Lets go of everything; the canvas is empty. */
  stop(): void {
    this.#overlay.stop();
    this.gate.reset();
    this.#replace(null);
    this.#scene = null;
    this.#frame = null;
  }

  /** Writes these lines over the picture until told otherwise. */
  write(lines: readonly string[]): void {
    if (String(lines) === String(this.#words)) return;
    this.#words = lines;
    this.#redraw();
  }

  /** Draws in another mode from the next frame on. */
  setMode(mode: PlayerMode): void {
    this.#mode = mode;
  }

  /** Draws with other options, at once. */
  setOptions(options: DrawOptions): void {
    this.#options = options;
    this.#redraw();
  }

  /** Draws the tracks that pass, from the next frame on. */
  setFilter(filter: TrackFilter): void {
    this.#filter = filter;
    this.#isStale = true;
  }

  /** Magnifies, at once. */
  setView(view: View): void {
    this.#overlay.setView(view);
    this.#redraw();
  }

  /** Keeps labels out of so much of the bottom right corner, in CSS pixels. */
  reserve(width: number, height: number): void {
    this.#overlay.reserve(width, height);
  }

  /** The canvas is opaque in live mode too, because it is shown without the video beneath. */
  setOpaque(opaque: boolean): void {
    this.#opaque = opaque;
  }

  /**
   * Draws the part `bbox` (left, top, right, bottom) of the picture on the screen, without boxes, into the middle of
   * `canvas`, as large as it fits; `bbox` is in pixels of the track frame's size. False if there is no picture.
   */
  crop(bbox: readonly [number, number, number, number], canvas: HTMLCanvasElement): boolean {
    const context = canvas.getContext("2d");
    if (!context || !this.#picture || !this.#scene) return false;
    const [across, down] = [this.#picture.width / this.#scene.boxSize[0], this.#picture.height / this.#scene.boxSize[1]];
    const [left, top] = [Math.max(0, bbox[0] * across), Math.max(0, bbox[1] * down)];
    const width = Math.min(this.#picture.width, bbox[2] * across) - left;
    const height = Math.min(this.#picture.height, bbox[3] * down) - top;
    if (!(width >= 1 && height >= 1)) return false;
    const [wide, high] = [(width * this.#scene.size[0]) / this.#picture.width, (height * this.#scene.size[1]) / this.#picture.height];
    const scale = Math.min(canvas.width / wide, canvas.height / high);
    const [w, h] = [wide * scale, high * scale];
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.drawImage(this.#picture.image, left, top, width, height, (canvas.width - w) / 2, (canvas.height - h) / 2, w, h);
    return true;
  }

  /** A snapshot came: it is shown while no frame is. Takes the picture over. */
  poster(picture: Picture, rtp: number | null, nowMs: number): void {
    if (this.gate.state === "live") {
      if (rtp !== null) this.gate.noteEdge(rtp, nowMs);
      picture.close();
      return;
    }
    if (rtp !== null) this.gate.notePoster(rtp, nowMs);
    this.#replace(picture);
    this.#show({ picture, size: this.#proportions(picture), tracks: [], boxSize: [1, 1], dashAfterMs: 0, trails: NO_TRAILS, lookedMs: 0 });
  }

  /** What is on the canvas stays there, opaque, while the next frames are not for the eye. */
  freeze(): void {
    if (this.#scene && this.#picture && !this.#scene.picture) this.#show({ ...this.#scene, picture: this.#picture });
  }

  /**
   * Draws a presented frame, while playout is held by `holdMs`. Returns what was drawn, or null if it is not for the
   * eye or on the canvas already.
   */
  present(frame: PresentedFrame, holdMs: number): DrawnFrame | null {
    if (!this.gate.admit(frame.rtp, frame.presentedMs, holdMs)) {
      this.counts.hidden++;
      this.freeze();
      return null;
    }
    const startedMs = now();
    const looked = this.#lookup(frame, holdMs);
    const found = { ...looked, tracks: filtered(looked.tracks, this.#filter) };
    const trails = this.#trails(frame.rtp ?? found.from?.rtp ?? null);
    const lookedMs = now() - startedMs;
    if (!this.#isStale && frame.rtp !== null && frame.rtp === this.#frame?.rtpTimestamp && found.mode === this.#frame.mode) return null;
    this.#isStale = false;
    this.#source = frame.source;
    this.#replace(new Picture("clone" in frame.image ? frame.image.clone() : frame.image, frame.width, frame.height));
    const size = this.#proportions(frame);
    // The video beneath knows nothing of pixels that are not square, nor of the camera's own size.
    const [width, height] = [frame.width, frame.height];
    const stretched = width * size[1] !== height * size[0] || (width !== size[0] && this.#overlay.keepsSize);
    this.#show({
      picture: this.#mode === "exact" || this.#opaque || stretched ? this.#picture : null,
      size,
      tracks: found.tracks,
      boxSize: found.from?.size ?? this.#map.stored ?? [width, height],
      dashAfterMs: found.from ? MISSED_AFTER * found.from.detectionMs : 0,
      trails,
      lookedMs,
    });
    this.#frame = {
      rtpTimestamp: frame.rtp,
      tracksRtpTimestamp: found.from?.rtp ?? null,
      mode: found.mode,
      ...(found.mode === "near" && { nearMs: found.from?.nearMs }),
      rendition: renditionOf(width, height, this.#map.stored, this.session),
      tracks: found.tracks.map((track) => ({
        track_id: track.track_id,
        bbox: track.bbox,
        source: track.source,
        state: track.state,
        class: track.class,
        confidence: track.confidence,
      })),
    };
    this.counts[found.mode]++;
    const skew = skewMs(this.#frame);
    if (skew !== null) this.#skews.push(Math.abs(skew));
    return this.#frame;
  }

  #lookup(frame: PresentedFrame, holdMs: number): Lookup {
    if (frame.rtp !== null) return this.#map.lookup(frame.rtp);
    // Nothing names the frame: when the newest message came, the packets of its frame had been here for as long as detection
    // took, and what is shown is behind what has come by as much as playout is held.
    const newest = this.#map.newest;
    if (!newest) return { mode: "none", from: null, tracks: [] };
    return this.#map.lookupAbout(rtpAddMs(newest.rtp, frame.presentedMs - newest.arrivedMs + newest.latencyMs - holdMs));
  }

  /** The size in whose place a picture lies: whichever encoding of the camera it is, the same. */
  #proportions({ width, height }: { width: number; height: number }): readonly [number, number] {
    return this.#map.proportions(width, height, this.#scene?.size ?? null);
  }

  #trails(rtp: number | null): Scene["trails"] {
    return this.#options.trails && this.#options.boxes && rtp !== null ? this.#map.trails(rtp, TRAIL_MS) : NO_TRAILS;
  }

  #replace(picture: Picture | null): void {
    this.#picture?.close();
    this.#picture = picture;
  }

  #show(scene: Scene): void {
    this.#scene = scene;
    this.#redraw();
  }

  #redraw(): void {
    if (this.#scene) this.#overlay.draw(this.#scene, this.#options);
    else this.#overlay.clear();
    if (this.#words.length > 0) this.#overlay.write(this.#words);
  }
}

/** Milliseconds between the picture and its boxes: 0 when exact, at most so many when near, null when nothing names them. */
export function skewMs(frame: DrawnFrame | null): number | null {
  if (frame?.nearMs !== undefined) return frame.nearMs;
  const { rtpTimestamp = null, tracksRtpTimestamp = null } = frame ?? {};
  return rtpTimestamp === null || tracksRtpTimestamp === null ? null : rtpDiffMs(rtpTimestamp, tracksRtpTimestamp);
}
