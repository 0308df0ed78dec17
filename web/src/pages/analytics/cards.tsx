// The sentence and the figures at the top; each leads to the rows behind it.
import type { ComponentChildren } from "preact";
import { stayWords } from "./buckets";
import { decimal, whole } from "../facts/numbers";
import { previousShort } from "./range";
import { areaKey } from "./merge";
import { change, sentence } from "./sentence";
import { ALERTS, alerts, before, comparable, history, inside, main, nameOf, open, openAlerts, series, told, totals, totalsBefore, USUAL_STEP, wanted } from "./state";
import { coverageOf, longestMedian, type Count } from "./sums";
import { usualIn } from "./usual";
import { openVisits } from "./zones";

/** What there is to know at first sight. */
export function Sentence() {
  const now = told.value;
  if (!now) return null;
  const { from, to } = now.period;
  const weeks = history.value;
  const words = sentence({
    range: now.period.range,
    what: main.value,
    count: totals.value[main.value],
    usual: weeks === null || now.period.range !== "today" ? null : (usualIn(weeks, USUAL_STEP, main.value, from, to)?.mid ?? null),
    previous: totalsBefore.value?.[main.value] ?? null,
    inside: now.period.range === "custom" ? null : inside.value,
    watched: series.value ? coverageOf(series.value) : 1,
    weekday: new Date(to * 1000).toLocaleDateString("en", { weekday: "long" }),
  });
  return (
    <>
      <p class="printed">{[wanted.value.camera === null ? "All cameras" : nameOf(wanted.value.camera), wanted.value.area, `${new Date(from * 1000).toLocaleString()} to ${new Date(to * 1000).toLocaleString()}`].filter((part) => part !== null).join(", ")}</p>
      <p class="sentence" role="status">{words}</p>
    </>
  );
}

function Card({ name, value, more, title, onOpen, href }: { name: string; value: ComponentChildren; more: string; title?: string; onOpen?: () => void; href?: string }) {
  const inner = (
    <>
      <span class="name">{name}</span>
      <b>{value}</b>
      <small>{more}</small>
    </>
  );
  if (href !== undefined) return <a class="kpi" href={href}>{inner}</a>;
  return <button type="button" class="kpi" title={title} onClick={onOpen}>{inner}</button>;
}

/** The list that is counted ends at so many. */
const alertsWords = (count: number): string => `${whole(count)}${count >= ALERTS ? " or more" : ""}`;

export function Cards() {
  const now = told.value;
  if (!now) return null;
  const { areas } = now.facts;
  const words = previousShort(now.period.range);
  const then = totalsBefore.value;
  const compared = (key: Count): string => {
    if (!then) return wanted.value.compare && before.value !== null ? `not watched ${words}` : "\u00a0";
    const by = change(totals.value[key], then[key]);
    return `${by === null ? "" : `${by}: `}${whole(then[key])} ${words}`;
  };
  const longest = longestMedian(areas);
  const longestBefore = longest ? comparable.value?.areas.find((area) => areaKey(area) === areaKey(longest))?.dwell : null;
  const zones = areas.filter(({ kind }) => kind === "zone");
  const lines = areas.filter(({ kind }) => kind === "line");
  const of = (key: Count, where: readonly unknown[], none: string) => (where.length === 0 ? { value: "–", more: none } : { value: whole(totals.value[key]), more: compared(key) });
  const mean = (list: readonly { occupancy: { mean: number } | null }[]): number => list.reduce((sum, { occupancy }) => sum + (occupancy?.mean ?? 0), 0);
  const meanBefore = comparable.value ? mean(comparable.value.areas) : null;
  const count = openAlerts.value;
  return (
    <div class="kpis">
      <Card name="Inside now" value={inside.value === null ? "–" : whole(inside.value)} more={zones.length === 0 ? "no zone is drawn" : `mean ${decimal(mean(zones))}${meanBefore === null ? "" : `; ${decimal(meanBefore)} ${words}`}`}
        title={zones.length > 1 ? "Sum of the zones: whoever stands in two of them counts twice" : "Visits"} onOpen={() => { open("Visits", { kind: "visit" }); }} />
      <Card name="In" {...of("in", lines, "no line is drawn")} onOpen={() => { open("In", { kind: "crossing", direction: "in" }); }} />
      <Card name="Out" {...of("out", lines, "no line is drawn")} onOpen={() => { open("Out", { kind: "crossing", direction: "out" }); }} />
      <Card name="Visits" {...of("visits", zones, "no zone is drawn")} onOpen={() => { open("Visits", { kind: "visit" }); }} />
      <Card name="Longest median stay" value={longest?.dwell ? stayWords(longest.dwell.p50_s) : "–"}
        more={longest ? `${longest.area}${longestBefore ? `; ${stayWords(longestBefore.p50_s)} ${words}` : ""}` : "no visit is over"}
        onOpen={() => { if (longest) openVisits(longest); else open("Visits", { kind: "visit" }); }} />
      <Card name="Open alerts" value={count === null ? "–" : whole(count)} href="alerts.html"
        more={count === null ? "no rules yet" : `${alertsWords(alerts.value.now)} ${alerts.value.now === 1 ? "alert" : "alerts"}${alerts.value.before === null ? "" : `; ${alertsWords(alerts.value.before)} ${words}`}`} />
    </div>
  );
}
