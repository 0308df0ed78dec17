// The canvas above the video: the picture, the boxes, and what stands at them.
import type { TrackEntry } from "../wire";
import { letterbox, project, type Area } from "./geometry";
import { isMissed, labelText, placeLabel } from "./label";
import type { Picture } from "./picture";

/** The colours of the contract: green for ByteTrack, cyan for DeepSORT. */
const COLOURS: Record<TrackEntry["source"], string> = { bytetrack: "#00ff00", deepsort: "#00ffff" };
/** Height of letters in CSS pixels: the smaller in a picture of 320, the larger from 640 on. */
const FONT_PX = [9, 12] as const;
const LINE_PX = 2;

/** What is drawn at the boxes. */
export interface DrawOptions {
  boxes: boolean;
  labels: boolean;
  trails: boolean;
}

/** Everything that is drawn for one frame. */
export interface Scene {
  /** Opaque beneath the boxes; null lets the video show through, and `size` says where it lies. */
  picture: Picture | null;
  /** Width and height of the video. */
  size: readonly [number, number];
  tracks: readonly TrackEntry[];
  /** Width and height that boxes refer to. */
  boxSize: readonly [number, number];
  /** A box that no detection has confirmed for this long is dashed. */
  dashAfterMs: number;
  /** Feet of each object over the last moments, by track id, in pixels of `boxSize`. */
  trails: ReadonlyMap<number, readonly (readonly [number, number])[]>;
}

/** Draws scenes at device pixels and follows the element's size. */
export class Overlay {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #observer: ResizeObserver;
  readonly #onResize: () => void;
  /** Widths of labels by font size and text. */
  #widths = new Map<string, number>();
  #fontPx = 0;
  /** Device pixels per CSS pixel. */
  #ratio = 1;

  /** `onResize`: the canvas has another size and is empty now. */
  constructor(canvas: HTMLCanvasElement, onResize: () => void) {
    this.#canvas = canvas;
    const context = canvas.getContext("2d");
    if (!context) throw new Error("this browser draws on no canvas");
    this.#context = context;
    this.#onResize = onResize;
    this.#observer = new ResizeObserver((entries) => {
      this.#resize(entries.at(-1));
    });
  }

  /** Follows the element's size from now on. */
  start(): void {
    try {
      this.#observer.observe(this.#canvas, { box: "device-pixel-content-box" });
    } catch {
      // Without that box the size is rounded from CSS pixels.
      this.#observer.observe(this.#canvas);
    }
  }

  /** Follows it no more and forgets what it drew. */
  stop(): void {
    this.#observer.disconnect();
    this.clear();
  }

  /** An empty, transparent canvas. */
  clear(): void {
    this.#context.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
  }

  /** Draws `scene` in place of what was there. */
  draw(scene: Scene, options: DrawOptions): void {
    const { width, height } = this.#canvas;
    const context = this.#context;
    const area = letterbox({ width: scene.size[0], height: scene.size[1] }, width, height);
    if (scene.picture) {
      context.fillStyle = "#000";
      context.fillRect(0, 0, width, height);
      context.drawImage(scene.picture.image, area.x, area.y, area.width, area.height);
    } else {
      context.clearRect(0, 0, width, height);
    }
    if (!options.boxes || area.width === 0) return;
    context.save();
    context.beginPath();
    context.rect(area.x, area.y, area.width, area.height);
    context.clip();
    context.lineWidth = Math.max(1, Math.round(LINE_PX * this.#ratio));
    if (options.trails) this.#trails(scene, area);
    const taken: Area[] = [];
    for (const track of scene.tracks) this.#box(track, scene, area);
    if (options.labels) {
      this.#fontPx = this.#ratio * Math.max(FONT_PX[0], Math.min(FONT_PX[1], area.width / this.#ratio / 53));
      // The larger object comes first, where labels are in each other's way.
      const nearest = [...scene.tracks].sort((a, b) => boxArea(b) - boxArea(a));
      for (const track of nearest) this.#label(track, scene, area, taken);
    }
    context.restore();
  }

  #box(track: TrackEntry, scene: Scene, area: Area): void {
    const [left, top, right, bottom] = edges(track, scene, area);
    const dash = 6 * this.#ratio;
    this.#context.strokeStyle = COLOURS[track.source];
    const missed = isMissed(track, scene.dashAfterMs);
    this.#context.setLineDash(missed ? [dash, dash * 0.6] : []);
    this.#context.strokeRect(left, top, right - left, bottom - top);
  }

  #label(track: TrackEntry, scene: Scene, area: Area, taken: Area[]): void {
    const text = labelText(track);
    const context = this.#context;
    const pad = this.#fontPx / 3;
    context.font = `600 ${this.#fontPx}px system-ui, sans-serif`;
    const height = Math.round(this.#fontPx * 1.5);
    const place = placeLabel(edges(track, scene, area), this.#width(text) + 2 * pad, height, area, taken);
    if (!place) return;
    taken.push(place);
    context.fillStyle = "rgba(0, 0, 0, 0.65)";
    context.fillRect(place.x, place.y, place.width, place.height);
    context.fillStyle = COLOURS[track.source];
    context.textBaseline = "middle";
    context.fillText(text, place.x + pad, place.y + place.height / 2);
  }

  #trails(scene: Scene, area: Area): void {
    const context = this.#context;
    context.setLineDash([]);
    context.globalAlpha = 0.55;
    for (const track of scene.tracks) {
      const trail = scene.trails.get(track.track_id);
      if (!trail || trail.length < 2) continue;
      context.strokeStyle = COLOURS[track.source];
      context.beginPath();
      for (const [x, y] of trail) context.lineTo(...project(x, y, scene.boxSize, area));
      context.stroke();
    }
    context.globalAlpha = 1;
  }

  /** Measuring text is the dearest part of a label, and its text rarely changes in width: remembered, bounded. */
  #width(text: string): number {
    const key = `${this.#fontPx} ${text}`;
    let width = this.#widths.get(key);
    if (width === undefined) {
      if (this.#widths.size > 500) this.#widths.clear();
      width = Math.ceil(this.#context.measureText(text).width);
      this.#widths.set(key, width);
    }
    return width;
  }

  #resize(entry: ResizeObserverEntry | undefined): void {
    if (!entry) return;
    const ratio = window.devicePixelRatio || 1;
    const device = (entry as Partial<ResizeObserverEntry>).devicePixelContentBoxSize?.[0];
    const width = devicePixels(device?.inlineSize, entry.contentRect.width * ratio);
    const height = devicePixels(device?.blockSize, entry.contentRect.height * ratio);
    if (width === this.#canvas.width && height === this.#canvas.height && ratio === this.#ratio) return;
    this.#ratio = ratio;
    this.#canvas.width = width;
    this.#canvas.height = height;
    this.#onResize();
  }
}

/** Left, top, right, bottom of the box in device pixels. */
function edges(track: TrackEntry, scene: Scene, area: Area): [number, number, number, number] {
  const [left, top] = project(track.bbox[0], track.bbox[1], scene.boxSize, area);
  const [right, bottom] = project(track.bbox[2], track.bbox[3], scene.boxSize, area);
  return [left, top, right, bottom];
}

function boxArea({ bbox: [left, top, right, bottom] }: TrackEntry): number {
  return (right - left) * (bottom - top);
}

/**
 * The browser's own count of device pixels, if it agrees with CSS pixels times the ratio to within rounding: under an
 * emulated ratio (as in tests) it does not.
 */
export function devicePixels(counted: number | undefined, computed: number): number {
  return counted !== undefined && Math.abs(counted - computed) <= 2 ? counted : Math.round(computed);
}
