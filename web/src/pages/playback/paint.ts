// Draws the timeline's rows: footage, what was seen in it, gaps, visits, and the axis beneath.
import type { Footage, Lock } from "./coverage";
import { columnsOf } from "./columns";
import { isNew } from "./seen";
import type { Visit } from "./recordings";
import { ticksOf } from "./ticks";
import { xOf, type View } from "./timescale";
import { isLoss, kindOf, KINDS, type Kind } from "./words";

/** Colours by the names they have in the style sheet. */
export type Colours = Record<Kind | "footage" | "track" | "line" | "quiet" | "text" | "loss", string>;

/** Where things are, in CSS pixels from the top. */
export interface Layout {
  top: number;
  row: number;
  apart: number;
  axis: number;
  height: number;
}

/** Room for the playhead's flag above the rows, and for the labels beneath. */
const FLAG_PX = 24;
const AXIS_PX = 24;
/** Of a row's height, what the tallest column takes. */
const FILL = 0.72;
/** Columns wider than this are drawn fainter, down to `CALM`. */
const CALM_PX = 16;
const CALM = 0.4;
const ROUND_PX = 4;
const VISIT_PX = 3;
/** The line along the foot of locked footage, and the lock at its beginning. */
const LOCK_PX = 6;
const GLYPH_PX = 13;

/** Rows for so many cameras: one is tall, many are low. */
export function layoutOf(count: number, low: boolean): Layout {
  const row = count <= 1 ? 56 : count <= 3 ? 36 : count <= 6 ? 26 : 20;
  const fit = low ? Math.round(row * 0.8) : row;
  const apart = count <= 3 ? 6 : 4;
  const rows = Math.max(1, count) * (fit + apart);
  return { top: FLAG_PX, row: fit, apart, axis: FLAG_PX + rows, height: FLAG_PX + rows + AXIS_PX };
}

/** The row at a height; null above and below the rows. */
export function rowAt({ top, row, apart }: Layout, y: number, count: number): number | null {
  const at = Math.floor((y - top) / (row + apart));
  return at >= 0 && at < count ? at : null;
}

/** All that is drawn. */
export interface Scene {
  view: View;
  width: number;
  layout: Layout;
  rows: readonly { footage: Footage | undefined; visits: readonly Visit[] }[];
  now: number;
  looked: number | null;
  visited: ReadonlySet<string>;
  /** Pixels between labels at least. */
  apartPx: number;
}

/** Draws on a canvas whose unit is a CSS pixel. */
export class Painter {
  readonly #to: CanvasRenderingContext2D;
  readonly #colours: Colours;
  readonly #hatches = new Map<string, CanvasPattern | string>();

  constructor(to: CanvasRenderingContext2D, colours: Colours) {
    this.#to = to;
    this.#colours = colours;
  }

  /** Draws everything anew. */
  draw(scene: Scene): void {
    const { width, layout } = scene;
    this.#to.clearRect(0, 0, width, layout.height);
    scene.rows.forEach(({ footage, visits }, index) => {
      const y = layout.top + index * (layout.row + layout.apart);
      this.#to.save();
      this.#to.beginPath();
      this.#to.roundRect(0, y, width, layout.row, ROUND_PX);
      this.#to.clip();
      this.#fill(this.#colours.track, 0, y, width, layout.row);
      if (footage) this.#row(scene, footage, y);
      this.#visits(scene, visits, y);
      for (const lock of footage?.locks ?? []) this.#lock(scene, lock, y + layout.row);
      this.#to.restore();
    });
    this.#axis(scene);
  }

  #row({ view, width, layout: { row } }: Scene, { spans, gaps, densities }: Footage, y: number): void {
    const across = (piece: View): [number, number] => {
      const left = Math.max(-2, xOf(view, width, piece.from));
      return [left, Math.max(1, Math.min(width + 2, xOf(view, width, piece.to)) - left)];
    };
    const seen = (piece: View): boolean => piece.to > view.from && piece.from < view.to;
    for (const span of spans.filter(seen)) {
      const [left, wide] = across(span);
      this.#fill(this.#colours.footage, left, y, wide, row);
    }
    for (const { x, wide, counts } of columnsOf(densities, view, width)) {
      let bottom = y + row;
      // Wide columns are large areas: they are to be as calm as the rest.
      this.#to.globalAlpha = Math.max(CALM, Math.min(1, CALM_PX / wide));
      for (const [kind, share] of counts) {
        const high = share * row * FILL;
        this.#fill(this.#colours[kind], x, bottom - high, wide, high);
        bottom -= high;
      }
    }
    this.#to.globalAlpha = 1;
    // Over the columns: where nothing was recorded, nothing was seen.
    for (const gap of gaps.filter(seen)) {
      const [left, wide] = across(gap);
      this.#fill(this.#colours.track, left, y, wide, row);
      this.#to.globalAlpha = isLoss(gap.reason) ? 0.75 : 0.28;
      this.#fill(this.#hatch(isLoss(gap.reason) ? this.#colours.loss : this.#colours.quiet), left, y, wide, row);
      this.#to.globalAlpha = 1;
    }
  }

  #visits({ view, width, looked, visited }: Scene, visits: readonly Visit[], y: number): void {
    for (const visit of visits) {
      const left = xOf(view, width, visit.from.unix);
      const wide = Math.max(VISIT_PX, xOf(view, width, visit.to.unix) - left);
      if (left > width || left + wide < 0) continue;
      this.#to.globalAlpha = looked !== null && !isNew(visit, looked, visited) ? 0.55 : 1;
      this.#fill(this.#colours[kindOf(visit.class)], left, y, wide, VISIT_PX);
      this.#to.globalAlpha = 1;
    }
  }

  /** Dashes between two ends, with a lock where they come into sight: told apart without colours. */
  #lock({ view, width }: Scene, { from, to }: Lock, foot: number): void {
    const left = Math.max(0, xOf(view, width, from));
    const right = Math.min(width, Math.max(xOf(view, width, to), left + 2));
    if (right <= 0 || left >= width) return;
    const { track, text } = this.#colours;
    this.#fill(track, left, foot - LOCK_PX, right - left, LOCK_PX);
    for (let x = left + 1; x < right - 1; x += 7) this.#fill(text, x, foot - 4, Math.min(4, right - 1 - x), 2);
    if (right - left < GLYPH_PX) return;
    this.#fill(track, left, foot - GLYPH_PX, GLYPH_PX, GLYPH_PX);
    this.#fill(text, left + 3, foot - 8, 8, 6);
    this.#to.strokeStyle = text;
    this.#to.lineWidth = 1.4;
    this.#to.beginPath();
    this.#to.arc(left + 7, foot - 8, 2.4, Math.PI, 0);
    this.#to.stroke();
  }

  #axis({ view, width, layout, now, apartPx }: Scene): void {
    const bottom = layout.axis - layout.apart;
    this.#to.font = "11px system-ui, sans-serif";
    this.#to.textBaseline = "middle";
    this.#to.textAlign = "center";
    for (const { at, label, major } of ticksOf(view, width, apartPx)) {
      const x = Math.round(xOf(view, width, at));
      this.#to.globalAlpha = major ? 0.9 : 0.5;
      this.#fill(this.#colours.line, x, layout.top - 4, 1, bottom - layout.top + 8);
      this.#to.globalAlpha = 1;
      this.#to.fillStyle = major ? this.#colours.text : this.#colours.quiet;
      const half = this.#to.measureText(label).width / 2;
      // A label that the edge would cut is left out, unless it is the only one.
      if (x - half >= 0 && x + half <= width) this.#to.fillText(label, x, layout.axis + 9);
    }
    const end = xOf(view, width, now);
    if (end < width) this.#fill(this.#colours.quiet, Math.round(end), layout.top, 1, bottom - layout.top);
  }

  #fill(style: string | CanvasPattern, x: number, y: number, width: number, height: number): void {
    this.#to.fillStyle = style;
    this.#to.fillRect(x, y, width, height);
  }

  /** Slanted lines of a colour. */
  #hatch(colour: string): CanvasPattern | string {
    const kept = this.#hatches.get(colour);
    if (kept !== undefined) return kept;
    const size = 8;
    const ratio = Math.max(1, Math.round(devicePixelRatio));
    const tile = Object.assign(document.createElement("canvas"), { width: size * ratio, height: size * ratio });
    const to = tile.getContext("2d");
    if (!to) return colour;
    to.scale(ratio, ratio);
    to.strokeStyle = colour;
    to.lineWidth = 1.6;
    to.beginPath();
    for (const shift of [-size, 0, size]) {
      to.moveTo(shift - 1, size + 1);
      to.lineTo(shift + size + 1, -1);
    }
    to.stroke();
    const made = this.#to.createPattern(tile, "repeat") ?? colour;
    if (made instanceof CanvasPattern) made.setTransform(new DOMMatrix().scale(1 / ratio));
    this.#hatches.set(colour, made);
    return made;
  }
}

/** The colours as the style sheet has them now, light or dark. */
export function coloursOf(element: Element): Colours {
  const style = getComputedStyle(element);
  const names = [...KINDS, "footage", "track", "line", "quiet", "text", "loss"] as const;
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()])) as Colours;
}
