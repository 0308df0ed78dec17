// What opens above the player's buttons: the figures for a bug report, the filter, and the choice of quality.
import type { Quality, RenditionInfo } from "../wire";
import type { Diagnostics } from "./diagnostics";
import { make } from "./dom";
import { ALL_TRACKS, classesOf, shows, type TrackFilter } from "./filter";
import type { PlayerState } from "./state";
import { QUALITIES, qualityOf } from "./wanted";

const COPY = "copy all as JSON";

/** A panel with a name, closed. */
function panel(name: string): HTMLElement {
  return make("section", { className: "panel", hidden: true }, { "aria-label": name });
}

/** The figures, and a button that copies everything as JSON. */
export class FiguresPanel {
  readonly element = panel("Figures");
  readonly #list = make("dl");
  readonly #copy = make("button", { type: "button", textContent: COPY });
  #newest: Diagnostics | null = null;

  constructor() {
    this.#copy.addEventListener("click", () => void this.#copied());
    this.element.append(this.#list, this.#copy);
  }

  /** Shows these. */
  show(newest: Diagnostics): void {
    this.#newest = newest;
    this.#list.replaceChildren(
      ...figureRows(newest).flatMap(([name, value]) => [
        make("dt", { textContent: name }),
        make("dd", { textContent: value }),
      ]),
    );
  }

  async #copied(): Promise<void> {
    const text = JSON.stringify(this.#newest, null, 2);
    let said = "copied";
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Without TLS there is no clipboard: the text is selected for the reader to copy.
      const box = make("textarea", { value: text, readOnly: true, rows: 4 }, { "aria-label": "Figures as JSON" });
      this.element.querySelector("textarea")?.remove();
      this.element.append(box);
      box.select();
      said = "press Ctrl+C to copy";
    }
    this.#copy.textContent = said;
    setTimeout(() => (this.#copy.textContent = COPY), 2_000);
  }
}

/** Name and value of each line; a dash where there is nothing to tell. */
export function figureRows({ player, connection, session }: Diagnostics): [string, string][] {
  const or = (value: string | number | null | undefined, unit = ""): string => (value === null || value === undefined ? "–" : `${value}${unit}`);
  const pair = (values: { p50: number; p95: number } | null | undefined, digits = 0): string =>
    values ? `${values.p50.toFixed(digits)} / ${values.p95.toFixed(digits)} ms` : "–";
  const counts = player?.counts;
  const { packetsReceived: received = null, packetsLost: lost = null } = connection ?? {};
  return [
    ["frames presented", or(counts && counts.exact + counts.near + counts.interpolated + counts.extrapolated + counts.none + counts.hidden)],
    ["exact", or(counts?.exact)],
    ["near", or(counts?.near)],
    ["interpolated", or(counts?.interpolated)],
    ["extrapolated", or(counts?.extrapolated)],
    ["without tracks", or(counts?.none)],
    ["hidden (catching up)", or(counts?.hidden)],
    ["skew p50 / p95", pair(player?.skewsMs)],
    ["frames named by", or(player?.frameSource) + (player && player.doubtful > 0 ? `, ${player.doubtful} doubtful` : "")],
    ["hold for tracks", or(player?.holdMs, " ms") + (player ? ` (at most ${player.holdLimitMs})` : "")],
    ["jitter buffer told", or(player?.jitterBufferTargetMs, " ms")],
    ["jitter buffer held, mean", or(connection?.jitterBufferMs, " ms")],
    ["detection p50 / p95", pair(player?.detectionMs)],
    ["drawing boxes p50 / p95", pair(player?.boxCostMs, 2)],
    ["packets lost", or(lost) + (received ? ` of ${received + (lost ?? 0)}` : "")],
    ["frames dropped, freezes", `${or(connection?.framesDropped)}, ${or(connection?.freezeCount)}`],
    ["waits for a key frame", or(session?.waits) + (session?.waiting ? ", waiting now" : "")],
    ["GOPs sent again", or(session && Math.max(0, session.replays - 1))],
    ["round trip", or(connection?.roundTripMs, " ms")],
    ["bitrate", or(connection?.bitrateKbps, " kbit/s")],
    ["codec", or(connection?.codec)],
    ["encoding shown", or(player?.renditionWords)],
    ["path carries, loses", `${or(session?.estimate_kbps, " kbit/s")}, ${or(session?.loss_percent, " %")}`],
    ["changes of encoding", or(session?.switches)],
    ["ICE pair", or(connection?.icePair)],
    ["video, tracks", `${or(player?.videoWords)}, ${or(player?.feed)}`],
  ];
}

/** What the filter panel tells: the attribute `classes`, null for none, and the least confidence. */
export type FilterChoice = { classes: string | null; minConfidence: number };

/** Check boxes for the classes seen so far, and a slider. */
export class FilterPanel {
  readonly element = panel("Filter");
  readonly #boxes = make("div");
  readonly #slider = make("input", { type: "range", min: "0", max: "0.95", step: "0.05" });
  readonly #value = make("output");
  readonly #choices = new Map<string, HTMLInputElement>();
  #filter = ALL_TRACKS;

  constructor(onChoice: (choice: FilterChoice) => void) {
    const label = make("label");
    label.append("confidence from", this.#slider, this.#value);
    this.element.append(this.#boxes, label);
    this.element.addEventListener("input", () => {
      this.#value.textContent = Number(this.#slider.value).toFixed(2);
      const names = [...this.#choices.keys()].sort();
      const isOn = (name: string): boolean => this.#choices.get(name)?.checked === true;
      const classes = classesOf(this.#filter, names.filter(isOn), names.filter((name) => !isOn(name)));
      onChoice({ classes, minConfidence: Number(this.#slider.value) });
    });
  }

  /** Offers the classes `seen` beside those offered before, and shows what `filter` lets through. */
  show(seen: Iterable<string>, filter: TrackFilter): void {
    this.#filter = filter;
    this.#slider.value = String(filter.minConfidence);
    this.#value.textContent = filter.minConfidence.toFixed(2);
    for (const name of [...seen, ...(filter.classes ?? []), ...filter.hidden]) if (!this.#choices.has(name)) this.#add(name);
    if (this.#choices.size === 0) this.#boxes.replaceChildren(this.#nothing());
    for (const [name, box] of this.#choices) box.checked = shows(filter, name);
  }

  /** Puts `name` at its place in the list; the others stay where they are, and the focus with them. */
  #add(name: string): void {
    const box = make("input", { type: "checkbox", value: name });
    const label = make("label");
    label.append(box, name);
    this.#boxes.querySelector("p")?.remove();
    const next = [...this.#choices].filter(([other]) => other > name).sort(([a], [b]) => (a < b ? -1 : 1))[0];
    this.#boxes.insertBefore(label, next?.[1].parentElement ?? null);
    this.#choices.set(name, box);
  }

  #nothing(): HTMLElement {
    return make("p", { textContent: "No tracks have been seen yet." });
  }
}

/** Offered whatever the server has. */
const ALWAYS: readonly string[] = ["auto", "camera", "saver"];

/** A choice of what is sent, and in words what is shown and why. */
export class QualityPanel {
  readonly element = panel("Quality");
  readonly #choice = make("select");
  readonly #words = make("p", {}, { role: "status" });

  constructor(onChoice: (quality: Quality) => void) {
    const label = make("label");
    label.append("send", this.#choice);
    this.element.append(label, this.#words);
    this.#choice.addEventListener("change", () => {
      onChoice(qualityOf(this.#choice.value));
    });
  }

  /** Offers what there is beside what is chosen, and says what `state` does. */
  show(chosen: Quality, there: readonly RenditionInfo[], state: PlayerState | null): void {
    const offered = Object.entries(QUALITIES).filter(([value]) => value === chosen || ALWAYS.includes(value) || there.some(({ name }) => name === value));
    // A list that is open would close if it were written anew.
    if (String(offered.map(([value]) => value)) !== String([...this.#choice.options].map(({ value }) => value))) {
      this.#choice.replaceChildren(...offered.map(([value, textContent]) => make("option", { value, textContent })));
    }
    this.#choice.value = chosen;
    const words = state?.renditionWords ?? "";
    if (words !== this.#words.textContent) this.#words.textContent = words;
  }
}
