// A canvas and its observers for tests: what was drawn is a list of calls.
import { vi } from "vitest";

/** One call, and the context's look at that moment. */
export interface Call {
  name: string;
  args: unknown[];
  fill: string;
  stroke: string;
  lineWidth: number;
  dash: readonly number[];
  font: string;
}

/** In place of a `CanvasRenderingContext2D`. */
export class FakeContext {
  readonly calls: Call[] = [];
  fillStyle = "#000000";
  strokeStyle = "#000000";
  lineWidth = 1;
  globalAlpha = 1;
  font = "10px sans-serif";
  textBaseline = "alphabetic";
  textAlign = "start";
  #dash: readonly number[] = [];

  /** The calls of one of these names, oldest first. */
  of(...names: string[]): Call[] {
    return this.calls.filter(({ name }) => names.includes(name));
  }

  /** Forgets what was drawn. */
  forget(): void {
    this.calls.length = 0;
  }

  setLineDash(dash: readonly number[]): void {
    this.#dash = dash;
  }

  /** Each letter is half as wide as high. */
  measureText(text: string): { width: number } {
    return { width: (text.length * this.#fontPx) / 2 };
  }

  get #fontPx(): number {
    return Number(/([\d.]+)px/.exec(this.font)?.[1] ?? "10");
  }

  #call(name: string, args: unknown[]): void {
    this.calls.push({ name, args, fill: this.fillStyle, stroke: this.strokeStyle, lineWidth: this.lineWidth, dash: this.#dash, font: this.font });
  }

  clearRect(...args: number[]): void { this.#call("clearRect", args); }
  fillRect(...args: number[]): void { this.#call("fillRect", args); }
  strokeRect(...args: number[]): void { this.#call("strokeRect", args); }
  drawImage(...args: unknown[]): void { this.#call("drawImage", args); }
  fillText(...args: unknown[]): void { this.#call("fillText", args); }
  beginPath(): void { this.#call("beginPath", []); }
  moveTo(...args: number[]): void { this.#call("moveTo", args); }
  lineTo(...args: number[]): void { this.#call("lineTo", args); }
  rect(...args: number[]): void { this.#call("rect", args); }
  clip(): void { this.#call("clip", []); }
  stroke(): void { this.#call("stroke", []); }
  save(): void { this.#call("save", []); }
  restore(): void { this.#call("restore", []); }
}

/** In place of `ResizeObserver`: the test says that a size changed. */
export class FakeResizeObserver {
  static readonly all: FakeResizeObserver[] = [];
  /** Whether the browser counts device pixels. */
  static countsDevicePixels = true;
  readonly observed: { element: Element; options: ResizeObserverOptions | undefined }[] = [];
  readonly #onResize: (entries: ResizeObserverEntry[]) => void;

  constructor(onResize: (entries: ResizeObserverEntry[]) => void) {
    this.#onResize = onResize;
    FakeResizeObserver.all.push(this);
  }

  observe(element: Element, options?: ResizeObserverOptions): void {
    if (options?.box !== undefined && !FakeResizeObserver.countsDevicePixels) throw new TypeError("no such box");
    this.observed.push({ element, options });
  }

  disconnect(): void {
    this.observed.length = 0;
  }

  /** Whatever is observed has this size in CSS pixels, and in device pixels where they are counted. */
  resize(width: number, height: number, device?: readonly [number, number]): void {
    const boxes = device ? { devicePixelContentBoxSize: [{ inlineSize: device[0], blockSize: device[1] }] } : {};
    this.#onResize([{ contentRect: { width, height }, ...boxes } as unknown as ResizeObserverEntry]);
  }
}

/** Every canvas draws into a `FakeContext` of its own until `vi.unstubAllGlobals` and `vi.restoreAllMocks`. */
export function fakeCanvases(): (canvas: HTMLCanvasElement) => FakeContext {
  const contexts = new WeakMap<HTMLCanvasElement, FakeContext>();
  const contextOf = (canvas: HTMLCanvasElement): FakeContext => {
    const context = contexts.get(canvas) ?? new FakeContext();
    contexts.set(canvas, context);
    return context;
  };
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockImplementation(function (this: HTMLCanvasElement) {
    return contextOf(this) as unknown as null;
  });
  FakeResizeObserver.all.length = 0;
  FakeResizeObserver.countsDevicePixels = true;
  vi.stubGlobal("ResizeObserver", FakeResizeObserver);
  return contextOf;
}
