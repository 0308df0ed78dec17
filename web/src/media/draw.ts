// The canvas above the video: the picture, the boxes, and what stands at them.
import type { TrackEntry } from "../wire";
import { now } from "./clock/now";
import { common, fitted, project, type Area, type Fit } from "./geometry";
import { isMissed, labelText, placeLabel } from "./label";
import type { Picture } from "./picture";
import { Rolling } from "./rolling";
import { seenThrough, WHOLE, type View } from "./zoom";

/** The colours of the contract: green for ByteTrack, cyan for DeepSORT. */
const COLOURS: Record<TrackEntry["source"], string> = { bytetrack: "#00ff00", deepsort: "#00ffff" };
/** Height of letters in CSS pixels: the smaller in a picture of 320, the larger from 640 on. */
const FONT_PX = [9, 12] as const;
const LINE_PX = 2;
/** Around every line, so that it is seen on any ground; and for the eye that does not tell green from cyan. */
const HALO = "rgba(0, 0, 0, 0.55)";
/** A picture narrower than this, in CSS pixels, has short labels. */
const SHORT_BELOW_PX = 520;
/** Frames whose cost is remembered: 5 s at 60 per second. */
const COSTS = 300;

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
  /** Width and height of the camera's pictures in square pixels; `picture` may have fewer. */
  size: readonly [number, number];
  tracks: readonly TrackEntry[];
  /** Width and height that boxes refer to. */
  boxSize: readonly [number, number];
  /** A box that no detection has confirmed for this long is dashed. */
  dashAfterMs: number;
  /** Feet of each object over the last moments, by track id, in pixels of `boxSize`. */
  trails: ReadonlyMap<number, readonly (readonly [number, number])[]>;
  /** What it took to find tracks and trails. */
  lookedMs: number;
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
  #view: View = WHOLE;
  /** The canvas' style as it is at any time. */
  readonly #style: CSSStyleDeclaration;
  /** Width and height in the bottom right corner, in CSS pixels, where no label goes. */
  #reserved: readonly [number, number] = [0, 0];
  readonly #costs = new Rolling(COSTS);
  /** Width and height of the picture as it was last drawn, in device pixels; null while there is none. */
  #drawn: readonly [number, number] | null = null;
  /** Ends the listener for another ratio of pixels. */
  #otherRatio: AbortController | null = null;

  /** `onResize`: the canvas has another size and is empty now. */
  constructor(canvas: HTMLCanvasElement, onResize: () => void) {
    this.#canvas = canvas;
    const context = canvas.getContext("2d");
    if (!context) throw new Error("this browser draws on no canvas");
    this.#context = context;
    this.#style = getComputedStyle(canvas);
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
      // Without that box the size is rounded from CSS pixels, which stay the same on another screen.
      this.#observer.observe(this.#canvas);
      this.#watchRatio();
    }
  }

  /** Follows it no more and forgets what it drew. */
  stop(): void {
    this.#observer.disconnect();
    this.#otherRatio?.abort();
    this.clear();
  }

  /** Observes anew, which tells the size once, whenever a CSS pixel has another number of device pixels. */
  #watchRatio(): void {
    this.#otherRatio?.abort();
    this.#otherRatio = new AbortController();
    const { signal } = this.#otherRatio;
    matchMedia(`(resolution: ${devicePixelRatio}dppx)`).addEventListener(
      "change",
      () => {
        this.#observer.disconnect();
        this.start();
      },
      { once: true, signal },
    );
  }

  /** Magnifies from the next drawing on. */
  setView(view: View): void {
    this.#view = view;
  }

  /** Keeps labels out of so much of the bottom right corner, in CSS pixels. */
  reserve(width: number, height: number): void {
    this.#reserved = [width, height];
  }

  /** Milliseconds that the page took to find and draw boxes, trails and labels of a frame: half of the frames, and 95 %. */
  get costMs(): { p50: number; p95: number } | null {
    return this.#costs.percentiles;
  }

  /**
   * Width and height that the picture fills, in device pixels, with all that a magnified one has outside; while there is
   * none, those of the element.
   */
  get pictureArea(): readonly [number, number] {
    return this.#drawn ?? [this.#canvas.clientWidth * devicePixelRatio, this.#canvas.clientHeight * devicePixelRatio];
  }

  /** Whether a picture of fewer pixels may be shown smaller (`object-fit`), so that the video lies elsewhere than the camera's picture. */
  get keepsSize(): boolean {
    return ["none", "scale-down"].includes(fitOf(this.#style));
  }

  /** An empty, transparent canvas. */
  clear(): void {
    this.#drawn = null;
    this.#context.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
  }

  /** Draws `scene` in place of what was there. */
  draw(scene: Scene, options: DrawOptions): void {
    const { width, height } = this.#canvas;
    const context = this.#context;
    const rest = fitted({ width: scene.size[0], height: scene.size[1] }, width, height, fitOf(this.#style), this.#ratio);
    const area = seenThrough(this.#view, rest, width, height);
    this.#drawn = [area.width, area.height];
    if (scene.picture) {
      context.fillStyle = "#000";
      context.fillRect(0, 0, width, height);
      context.drawImage(scene.picture.image, area.x, area.y, area.width, area.height);
    } else {
      context.clearRect(0, 0, width, height);
    }
    const visible = common(area, { x: 0, y: 0, width, height });
    if (!options.boxes || visible.width === 0 || visible.height === 0) return;
    const startedMs = now();
    context.save();
    context.beginPath();
    context.rect(visible.x, visible.y, visible.width, visible.height);
    context.clip();
    if (options.trails) this.#trails(scene, area);
    for (const track of scene.tracks) this.#box(track, scene, area);
    if (options.labels) this.#labels(scene, area, visible);
    context.restore();
    this.#costs.push(scene.lookedMs + now() - startedMs);
  }

  /** Writes `lines` over what was drawn, for where nothing else can say them. */
  write(lines: readonly string[]): void {
    const context = this.#context;
    const { width, height } = this.#canvas;
    const size = Math.max(FONT_PX[0] * this.#ratio, width / 40);
    context.fillStyle = "rgba(0, 0, 0, 0.65)";
    context.fillRect(0, 0, width, height);
    Object.assign(context, { fillStyle: "#fff", font: `${size}px system-ui, sans-serif`, textAlign: "center" });
    for (const [at, line] of lines.entries()) context.fillText(line, width / 2, height / 2 + (at - (lines.length - 1) / 2) * 1.5 * size, 0.95 * width);
    context.textAlign = "start";
  }

  /** A line with its halo. */
  #stroke(colour: string, width: number, stroke: () => void): void {
    const context = this.#context;
    context.strokeStyle = HALO;
    context.lineWidth = width + Math.max(2, Math.round(2 * this.#ratio));
    stroke();
    context.strokeStyle = colour;
    context.lineWidth = width;
    stroke();
  }

  get #linePx(): number {
    return Math.max(1, Math.round(LINE_PX * this.#ratio));
  }

  #box(track: TrackEntry, scene: Scene, area: Area): void {
    const [left, top, right, bottom] = edges(track, scene, area);
    const context = this.#context;
    const dash = 6 * this.#ratio;
    context.setLineDash(isMissed(track, scene.dashAfterMs) ? [dash, dash * 0.6] : []);
    this.#stroke(COLOURS[track.source], this.#linePx, () => {
      context.strokeRect(left, top, right - left, bottom - top);
    });
    if (track.source !== "deepsort") return;
    // Found again by its looks: bold corners say it to those who do not tell cyan from green.
    const arm = Math.min(16 * this.#ratio, (right - left) / 3, (bottom - top) / 3);
    context.setLineDash([]);
    context.beginPath();
    for (const [x, y, dx, dy] of [[left, top, arm, arm], [right, top, -arm, arm], [right, bottom, -arm, -arm], [left, bottom, arm, -arm]] as const) {
      context.moveTo(x + dx, y);
      context.lineTo(x, y);
      context.lineTo(x, y + dy);
    }
    context.lineWidth = 2.5 * this.#linePx;
    context.stroke();
  }

  #labels(scene: Scene, area: Area, visible: Area): void {
    const [width, height] = this.#reserved;
    const [right, bottom] = [this.#canvas.width, this.#canvas.height];
    const corner = { width: width * this.#ratio, height: height * this.#ratio };
    const taken: Area[] = [{ x: right - corner.width, y: bottom - corner.height, ...corner }];
    const cssWidth = visible.width / this.#ratio;
    this.#fontPx = this.#ratio * Math.max(FONT_PX[0], Math.min(FONT_PX[1], cssWidth / 53));
    const context = this.#context;
    context.font = `600 ${this.#fontPx}px system-ui, sans-serif`;
    context.textBaseline = "middle";
    // The larger object comes first, where labels are in each other's way.
    const nearest = [...scene.tracks].sort((a, b) => boxArea(b) - boxArea(a));
    for (const track of nearest) this.#label(track, scene, area, visible, taken, cssWidth < SHORT_BELOW_PX);
  }

  #label(track: TrackEntry, scene: Scene, area: Area, visible: Area, taken: Area[], short: boolean): void {
    const box = edges(track, scene, area);
    const seen = common(visible, { x: box[0], y: box[1], width: box[2] - box[0], height: box[3] - box[1] });
    const height = Math.round(this.#fontPx * 1.5);
    // In a small picture words for what is hardly taller than they are would hide more than they say.
    if (seen.width === 0 || seen.height <= (short ? 2 * height : 0)) return;
    const text = labelText(track, short);
    const context = this.#context;
    const pad = this.#fontPx / 3;
    const place = placeLabel(box, this.#width(text) + 2 * pad, height, visible, taken);
    if (!place) return;
    taken.push(place);
    context.fillStyle = "rgba(0, 0, 0, 0.65)";
    context.fillRect(place.x, place.y, place.width, place.height);
    context.fillStyle = COLOURS[track.source];
    context.fillText(text, place.x + pad, place.y + place.height / 2);
  }

  #trails(scene: Scene, area: Area): void {
    const context = this.#context;
    context.setLineDash([]);
    context.lineWidth = this.#linePx;
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

/** What the page's style sheet says now; the canvas inherits it from the element. */
function fitOf({ objectFit: said }: CSSStyleDeclaration): Fit {
  return ["contain", "cover", "fill", "none", "scale-down"].find((fit): fit is Fit => fit === said) ?? "contain";
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
