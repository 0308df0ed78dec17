// Counts in steps over what is usual, on a canvas. Loaded when there is something to draw, and not before.
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Step } from "./steps";
import type { Count } from "./sums";

/** What is drawn. */
export interface Traffic {
  steps: readonly Step[];
  /** In above and out beneath the line; or visits. */
  main: "in" | "visits";
  from: number;
  to: number;
}

/** Beside what the style sheet names, for paper, which is white whatever the screen is. */
const PAPER: Record<string, string> = { "--quiet": "#4f5b67", "--line": "#d3dae1", "--text": "#14191e", "--in": "#1c6fb8", "--out": "#c4650a", "--usual": "#9aa6b2" };
/** Between bars; below this a bar is thin; and the stripes of what was not watched. */
const GAP_PX = 2;
const THIN_PX = 9;
const STRIPE_PX = 6;
/** Bars wider than this have the outline of the time before, others a line at its height. */
const OUTLINED_PX = 12;
const AWAY = { left: -10, top: -10 };

/** A chart in one element, from `mount` to `unmount`. */
export class TrafficPlot {
  readonly #root: HTMLElement;
  readonly #point: (index: number | null) => void;
  readonly #open: (index: number) => void;
  #plot: uPlot | null = null;
  #traffic: Traffic | null = null;
  #paper = false;
  readonly #observer = new ResizeObserver(() => {
    this.#plot?.setSize(this.#size());
  });
  readonly #scheme = matchMedia("(prefers-color-scheme: dark)");
  readonly #rebuild = (): void => {
    this.#build();
  };
  readonly #print = (event: Event): void => {
    this.#paper = event.type === "beforeprint";
    this.#build();
  };

  /** `point` hears which step is under the cursor, `open` which one is chosen. */
  constructor(root: HTMLElement, point: (index: number | null) => void, open: (index: number) => void) {
    this.#root = root;
    this.#point = point;
    this.#open = open;
  }

  mount(): void {
    this.#observer.observe(this.#root);
    this.#scheme.addEventListener("change", this.#rebuild);
    for (const type of ["beforeprint", "afterprint"]) addEventListener(type, this.#print);
    this.#root.addEventListener("keydown", this.#onKey);
    this.#root.addEventListener("blur", this.#onBlur);
    this.#root.addEventListener("click", this.#onClick);
  }

  unmount(): void {
    this.#observer.disconnect();
    this.#scheme.removeEventListener("change", this.#rebuild);
    for (const type of ["beforeprint", "afterprint"]) removeEventListener(type, this.#print);
    this.#root.removeEventListener("keydown", this.#onKey);
    this.#root.removeEventListener("blur", this.#onBlur);
    this.#root.removeEventListener("click", this.#onClick);
    this.#plot?.destroy();
  }

  show(traffic: Traffic): void {
    this.#traffic = traffic;
    // The cursor stays where it is while counts go up.
    const { idx } = this.#plot?.cursor ?? {};
    this.#build();
    if (typeof idx === "number") this.#moveTo(idx);
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    const count = this.#traffic?.steps.length ?? 0;
    if (event.ctrlKey || event.altKey || event.metaKey || count === 0) return;
    const idx = this.#plot?.cursor.idx ?? null;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step !== undefined) this.#moveTo(Math.max(0, Math.min(count - 1, (idx ?? (step > 0 ? -1 : count)) + step)));
    else if (event.key === "Enter" && idx !== null) this.#open(idx);
    else if (event.key === "Escape") this.#plot?.setCursor(AWAY);
    else return;
    event.preventDefault();
  };

  readonly #onBlur = (): void => {
    this.#plot?.setCursor(AWAY);
  };

  readonly #onClick = (): void => {
    const idx = this.#plot?.cursor.idx;
    if (typeof idx === "number") this.#open(idx);
  };

  #moveTo(index: number): void {
    const step = this.#traffic?.steps[index];
    if (step) this.#plot?.setCursor({ left: this.#plot.valToPos((step.at + step.to) / 2, "x"), top: 10 });
  }

  #size(): { width: number; height: number } {
    return { width: this.#root.clientWidth || 300, height: Math.max(120, this.#root.clientHeight) };
  }

  #colour(name: string): string {
    return (this.#paper ? PAPER[name] : undefined) ?? getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  #build(): void {
    const traffic = this.#traffic;
    if (!traffic) return;
    this.#plot?.destroy();
    const { steps, main, from, to } = traffic;
    const two = main === "in";
    const [up, down] = [mostOf(steps, main), two ? mostOf(steps, "out") : 0];
    const axis = { stroke: this.#colour("--quiet"), grid: { stroke: this.#colour("--line"), width: 1 }, ticks: { show: false }, font: "11px system-ui" };
    const hidden = { paths: () => null, points: { show: false } };
    const middle = steps.map((step) => (step.at + step.to) / 2);
    this.#plot = new uPlot(
      {
        ...this.#size(),
        padding: [6, 20, 0, 0],
        legend: { show: false },
        cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
        hooks: {
          drawClear: [(plot) => { this.#drawUsual(plot, traffic); }],
          draw: [(plot) => { this.#drawBars(plot, traffic); }],
          setCursor: [(plot) => { this.#point(plot.cursor.idx ?? null); }],
        },
        scales: { x: { range: () => [from, to] }, y: { range: () => [-down * 1.08, Math.max(1, up * 1.08)] } },
        axes: [
          { ...axis, size: 22, space: 64, grid: { show: false }, values: (_plot, splits) => splits.map((t) => tickWords(t, to - from)) },
          { ...axis, size: 42, space: 28, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000], values: (_plot, splits) => splits.map((value) => Math.abs(value).toLocaleString()) },
        ],
        series: [{}, hidden, ...(two ? [hidden] : [])],
      },
      [middle, steps.map((step) => step[main]), ...(two ? [steps.map((step) => -step.out)] : [])],
      this.#root,
    );
  }

  /** From the least to the most of the weeks before, and the middle; beneath the bars. */
  #drawUsual(plot: uPlot, { steps, main }: Traffic): void {
    const { ctx } = plot;
    const draw = (step: Step, key: Count, sign: 1 | -1): void => {
      const usual = step.usual[key];
      const [left, right] = edges(plot, step);
      if (usual) {
        const y = (value: number): number => plot.valToPos(sign * value, "y", true);
        ctx.globalAlpha = 0.34;
        ctx.fillStyle = this.#colour("--usual");
        ctx.fillRect(left, Math.min(y(usual.low), y(usual.high)) - 1, right - left, Math.abs(y(usual.high) - y(usual.low)) + 2);
        ctx.globalAlpha = 1;
        ctx.fillRect(left, y(usual.mid) - 1, right - left, 2);
      }
    };
    ctx.save();
    for (const step of steps) for (const [key, sign] of sides(main)) draw(step, key, sign);
    ctx.restore();
  }

  #drawBars(plot: uPlot, { steps, main }: Traffic): void {
    const { ctx } = plot;
    const ratio = devicePixelRatio;
    const zero = plot.valToPos(0, "y", true);
    ctx.save();
    ctx.lineWidth = ratio;
    for (const step of steps) {
      const [left, right] = edges(plot, step);
      // Thin bars need all of their width, wide ones show what is usual beside them.
      const inset = right - left < THIN_PX * ratio ? 0 : Math.min((right - left) * 0.22, 8 * ratio);
      const wide = Math.max(ratio, right - left - 2 * inset - (inset > 0 ? GAP_PX : ratio));
      for (const [key, sign] of sides(main)) {
        const y = plot.valToPos(sign * step[key], "y", true);
        ctx.fillStyle = this.#colour(key === "out" ? "--out" : "--in");
        ctx.fillRect(left + inset, Math.min(y, zero), wide, Math.abs(y - zero));
        if (step.before) {
          const then = plot.valToPos(sign * step.before[key], "y", true);
          ctx.strokeStyle = ctx.fillStyle = this.#colour("--text");
          ctx.setLineDash([3 * ratio, 2 * ratio]);
          // Where bars are narrow, outlines would be all that is seen.
          if (wide > OUTLINED_PX * ratio) ctx.strokeRect(left + inset, Math.min(then, zero), wide, Math.abs(then - zero));
          else ctx.fillRect(left + inset - ratio, then - ratio, wide + 2 * ratio, 2 * ratio);
          ctx.setLineDash([]);
        }
      }
      if (step.watched < 0.9) this.#hatch(plot, left, right);
    }
    ctx.fillStyle = this.#colour("--quiet");
    ctx.fillRect(plot.bbox.left, zero - 0.5 * ratio, plot.bbox.width, ratio);
    ctx.restore();
  }

  /** Stripes over a step that was not watched all the time. */
  #hatch({ ctx, bbox }: uPlot, left: number, right: number): void {
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, bbox.top, right - left, bbox.height);
    ctx.clip();
    ctx.strokeStyle = this.#colour("--quiet");
    ctx.globalAlpha = 0.55;
    ctx.beginPath();
    const apart = STRIPE_PX * devicePixelRatio;
    for (let x = left - bbox.height - ((left - bbox.height) % apart); x < right; x += apart) {
      ctx.moveTo(x, bbox.top + bbox.height);
      ctx.lineTo(x + bbox.height, bbox.top);
    }
    ctx.stroke();
    ctx.restore();
  }
}

const sides = (main: "in" | "visits"): readonly (readonly [Count, 1 | -1])[] => (main === "in" ? [["in", 1], ["out", -1]] : [["visits", 1]]);

function edges(plot: uPlot, { at, to }: Step): [number, number] {
  return [plot.valToPos(at, "x", true), plot.valToPos(to, "x", true)];
}

function mostOf(steps: readonly Step[], key: Count): number {
  return steps.reduce((most, step) => Math.max(most, step[key], step.usual[key]?.high ?? 0, step.before?.[key] ?? 0), 1);
}

/** The time of day; at midnight, and where marks are days, the date. */
function tickWords(t: number, span: number): string {
  const date = new Date(t * 1000);
  const midnight = date.getHours() === 0 && date.getMinutes() === 0;
  if (span > 300 * 86_400) return date.toLocaleDateString(undefined, { month: "short", year: "2-digit" });
  if (midnight && span > 86_400) return date.toLocaleDateString(undefined, { ...(span < 9 * 86_400 ? { weekday: "short" as const } : { month: "short" as const }), day: "numeric" });
  return date.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
}
