// In and out, or visits, in steps over what is usual.
import { computed, useSignalEffect } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { counted, whole } from "../facts/numbers";
import { Nothing, Panel, type Table } from "./panel";
import { DAY, endOf, previousWords } from "./range";
import { history, main, open, series, seriesBefore, told, USUAL_STEP } from "./state";
import { countWords, rangeWords, stepWords, type Step } from "./steps";
import { COVERED, type Count } from "./sums";
import type { TrafficPlot } from "./trafficplot";
import { usualIn, WEEKS } from "./usual";

/** Longer bars have no weekday of their own: the weeks that are known do not reach back far enough. */
const LONGEST_S = USUAL_STEP;

const steps = computed<Step[]>(() => {
  const [counts, then, weeks, now] = [series.value, seriesBefore.value, history.value, told.value];
  if (!counts || !now) return [];
  const { period } = now;
  const end = (at: number): number => endOf(period, at);
  const of = (key: Count, at: number) => (weeks === null || period.unit !== "step" || period.step > LONGEST_S ? null : usualIn(weeks, USUAL_STEP, key, at, end(at)));
  const usual = (at: number): Step["usual"] => ({ in: of("in", at), out: of("out", at), visits: of("visits", at) });
  const found = counts.at.map((at, i): Step => ({
    at, to: end(at), in: counts.in[i] ?? 0, out: counts.out[i] ?? 0, visits: counts.visits[i] ?? 0, watched: counts.watched[i] ?? 1,
    usual: usual(at),
    before: period.unit !== "step" && then && i < then.at.length ? { in: then.in[i] ?? 0, out: then.out[i] ?? 0, visits: then.visits[i] ?? 0 } : null,
  }));
  // What is left of the day has a usual too.
  const last = found.at(-1);
  for (let at = last?.to ?? period.until; period.unit === "step" && at < period.until; at = end(at)) {
    found.push({ at, to: end(at), in: 0, out: 0, visits: 0, watched: 1, usual: usual(at), before: null });
  }
  return found;
});

export function TrafficPanel() {
  const now = told.value;
  const withDay = now !== null && now.period.until - now.period.from > DAY;
  const [pointed, setPointed] = useState<number | null>(null);
  const known = steps.value.filter(({ at }) => now !== null && at < now.period.to);
  const step = pointed === null ? undefined : steps.value[pointed];
  const thin = known.filter(({ watched }) => watched < COVERED).length;
  const banded = steps.value.some(({ usual }) => usual[main.value] !== null);
  const usualWords = ({ usual }: Step): string => {
    const of = usual[main.value];
    return of ? rangeWords(of) : "–";
  };
  const title = main.value === "in" ? "In and out" : "Visits";
  const show = ({ at, to }: Step): void => { open(`${title}, ${stepWords({ at, to }, withDay)}`, { spans: [{ from: at, to }] }); };
  const table = (): Table => ({
    head: ["When", ...(main.value === "in" ? ["In", "Out"] : ["Visits"]), ...(banded ? ["Usually"] : []), "Watched"],
    rows: known.map((one) => ({
      cells: [
        stepWords(one, withDay),
        ...(main.value === "in" ? [whole(one.in), whole(one.out)] : [whole(one.visits)]),
        ...(banded ? [usualWords(one)] : []),
        `${whole(Math.min(1, one.watched) * 100)}\u00a0%`,
      ],
      open: () => { show(one); },
    })),
  });
  const legend = (
    <span class="legend">
      {main.value === "in" ? <><i class="in" />in <i class="out" />out </> : <><i class="in" />visits </>}
      {banded && <><i class="usual" />usual: this weekday, last {WEEKS} weeks </>}
      {now && now.period.unit !== "step" && seriesBefore.value && <><i class="then" />{previousWords(now.period.range)} </>}
      {thin > 0 && <><i class="hatched" />{counted(thin, "step")} watched less than 90&nbsp;%</>}
    </span>
  );
  return (
    <Panel name="traffic" title={title} more={step ? <output>{stepWords(step, withDay)}: {step.at >= (now?.period.to ?? 0) ? `to come; usually ${usualWords(step)}` : countWords(step, main.value)}</output> : legend} table={known.length > 0 ? table : null}>
      {known.length === 0 ? <Nothing words="Nothing was counted in this time." /> : <Plot point={setPointed} show={show} label={`${title}: arrows go from step to step, Enter shows the rows`} />}
    </Panel>
  );
}

/** The canvas; its code comes when the page is there. */
function Plot({ point, show, label }: { point: (index: number | null) => void; show: (step: Step) => void; label: string }) {
  const root = useRef<HTMLDivElement>(null);
  const plot = useRef<TrafficPlot | null>(null);
  const shows = useRef(show);
  shows.current = show;
  const draw = (): void => {
    const now = told.value;
    if (now) plot.current?.show({ steps: steps.value, main: main.value, from: now.period.from, to: now.period.until });
  };
  useEffect(() => {
    let gone = false;
    void import("./trafficplot").then(({ TrafficPlot: Loaded }) => {
      if (gone || !root.current) return;
      plot.current = new Loaded(root.current, point, (index) => {
        const step = steps.peek()[index];
        if (step) shows.current(step);
      });
      plot.current.mount();
      draw();
    });
    return () => {
      gone = true;
      plot.current?.unmount();
    };
  }, []);
  useSignalEffect(draw);
  return <div class="plot" ref={root} tabindex={0} role="application" aria-label={label} />;
}
