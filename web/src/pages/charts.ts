// Charts of a camera's last minutes. Loaded when they are looked at, and not before.
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { History, Moment } from "./history";

type Line = readonly [keyof Moment, string, 1 | 2 | 3];

const CHARTS: readonly { title: string; unit: string; lines: readonly Line[] }[] = [
  { title: "Frames a second", unit: "", lines: [["received", "in", 1], ["decoded", "decoded", 2], ["detected", "detected", 3]] },
  { title: "Detection latency", unit: " ms", lines: [["latencyP50", "p50", 1], ["latencyP95", "p95", 2]] },
  { title: "Tracks", unit: "", lines: [["tracks", "active", 1]] },
  { title: "Bitrate", unit: " kbit/s", lines: [["bitrateKbps", "from the camera", 1]] },
  { title: "Packets lost", unit: "", lines: [["cameraLoss", "from the camera", 1], ["viewerLoss", "to this browser", 2]] },
];
/** Lines differ by their dashes too, for eyes that do not tell the colours apart. */
const DASHES: Record<Line[2], number[]> = { 1: [], 2: [6, 3], 3: [2, 2] };
const HEIGHT_PX = 110;

/** No cursor. */
const AWAY = { left: -10, top: -10 };

interface Plotted {
  plot: uPlot;
  chart: HTMLElement;
  lines: readonly Line[];
  unit: string;
  title: string;
}

/** Charts in one element, from `mount` to `unmount`. */
export class Charts {
  readonly #root: HTMLElement;
  #plots: Plotted[] = [];
  #moments: readonly Moment[] = [];
  readonly #observer = new ResizeObserver(() => {
    for (const { plot, chart } of this.#plots) plot.setSize({ width: chart.clientWidth, height: HEIGHT_PX });
  });
  readonly #scheme = matchMedia("(prefers-color-scheme: dark)");
  readonly #rebuild = (): void => {
    this.#build();
  };

  constructor(root: HTMLElement) {
    this.#root = root;
  }

  /** Puts the charts there. */
  mount(): void {
    this.#build();
    this.#observer.observe(this.#root);
    this.#scheme.addEventListener("change", this.#rebuild);
  }

  /** Takes them away. */
  unmount(): void {
    this.#observer.disconnect();
    this.#scheme.removeEventListener("change", this.#rebuild);
    this.#clear();
  }

  /** Draws what is known now. */
  show(history: History): void {
    const at = history.column("at") as number[];
    this.#moments = history.moments;
    for (const plotted of this.#plots) {
      plotted.plot.setData([at, ...plotted.lines.map(([key]) => history.column(key))]);
      this.#say(plotted);
    }
  }

  /** The values of the moment under the cursor, or the newest. */
  #say({ plot, chart, lines, unit, title }: Plotted): void {
    const { idx } = plot.cursor;
    const moment = this.#moments.at(idx ?? -1);
    const values = lines.map(([key, name]) => `${name} ${said(moment?.[key] ?? null)}${unit}`).join(", ");
    const when = moment && typeof idx === "number" ? `${clock(moment.at)}: ` : "";
    chart.querySelector("output")?.replaceChildren(when + values);
    chart.setAttribute("aria-label", `${title}: ${when}${values}`);
  }

  /** The arrow keys lead the cursor from moment to moment. */
  #onKey({ plot }: Plotted, event: KeyboardEvent): void {
    const step = { ArrowLeft: -1, ArrowRight: 1, Escape: 0 }[event.key];
    if (step === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    const newest = this.#moments.length - 1;
    const moment = this.#moments[Math.max(0, Math.min(newest, (plot.cursor.idx ?? newest) + step))];
    plot.setCursor(step !== 0 && moment ? { left: plot.valToPos(moment.at, "x"), top: 0 } : AWAY);
    event.preventDefault();
  }

  #clear(): void {
    for (const { plot } of this.#plots) plot.destroy();
    this.#plots = [];
    this.#root.replaceChildren();
  }

  #build(): void {
    this.#clear();
    const style = getComputedStyle(document.documentElement);
    const colour = (name: string): string => style.getPropertyValue(name).trim();
    for (const { title, unit, lines } of CHARTS) {
      const chart = document.createElement("div");
      chart.className = "chart";
      chart.setAttribute("role", "img");
      chart.tabIndex = 0;
      const caption = document.createElement("div");
      caption.append(Object.assign(document.createElement("b"), { textContent: title }), " ", document.createElement("output"));
      chart.append(caption);
      this.#root.append(chart);
      const axis = { stroke: colour("--quiet"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: "11px system-ui" };
      const plot = new uPlot(
        {
          width: chart.clientWidth || 300,
          height: HEIGHT_PX,
          legend: { show: false },
          // All charts show the values of the moment under the cursor of one.
          cursor: { y: false, points: { show: false }, drag: { x: false, y: false }, sync: { key: "minutes" } },
          hooks: { setCursor: [(moved) => { for (const plotted of this.#plots) if (plotted.plot === moved) this.#say(plotted); }] },
          scales: { y: { range: (_plot, _least, most) => [0, Math.max(1, most * 1.15)] } },
          axes: [{ ...axis, size: 24, space: 70, values: (_plot, splits) => splits.map(clock) }, { ...axis, size: 44 }],
          series: [{}, ...lines.map(([, label, n]) => ({ label, stroke: colour(`--line${n}`), width: 1.6, dash: DASHES[n], points: { show: false } }))],
        },
        [[], ...lines.map(() => [])],
        chart,
      );
      const plotted: Plotted = { plot, chart, lines, unit, title };
      this.#plots.push(plotted);
      chart.addEventListener("keydown", (event) => {
        this.#onKey(plotted, event);
      });
      chart.addEventListener("blur", () => {
        plot.setCursor(AWAY);
      });
    }
  }
}

function clock(seconds: number): string {
  return new Date(seconds * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
}

function said(value: number | null): string {
  return value === null ? "–" : value >= 100 ? value.toFixed(0) : value.toFixed(value % 1 === 0 ? 0 : 1);
}
