// How long visits of a zone take.
import { useState } from "preact/hooks";
import type { Dwell } from "../../wire";
import { counted, whole } from "../facts/numbers";
import { bucketWords, placeOf, stayWords } from "./buckets";
import { areaKey } from "./merge";
import { Nothing, Panel, type Table } from "./panel";
import { told } from "./state";
import { areaWords, openVisits } from "./zones";

export function DwellPanel() {
  const zones = (told.value?.facts.areas ?? []).filter(({ dwell }) => dwell !== null && dwell.count > 0).sort((a, b) => (b.dwell?.count ?? 0) - (a.dwell?.count ?? 0));
  const [chosen, setChosen] = useState("");
  const zone = zones.find((one) => areaKey(one) === chosen) ?? zones[0];
  const dwell = zone?.dwell;
  const show = (): void => { if (zone) openVisits(zone); };
  const table = (): Table => ({ head: ["Stay", "Visits"], rows: (dwell?.histogram ?? []).map((bucket) => ({ cells: [bucketWords(bucket), whole(bucket.count)] })) });
  return (
    <Panel name="dwell" title="Length of stay" table={dwell ? table : null} more={zones.length > 1 && (
      <select aria-label="Zone" value={zone ? areaKey(zone) : ""} onChange={(event) => { setChosen(event.currentTarget.value); }}>
        {zones.map((one) => <option key={areaKey(one)} value={areaKey(one)}>{areaWords(one)}</option>)}
      </select>
    )}>
      {dwell ? <Histogram dwell={dwell} show={show} /> : <Nothing words="No visit is over." />}
    </Panel>
  );
}

function Histogram({ dwell, show }: { dwell: Dwell; show: () => void }) {
  const { histogram, p50_s: p50, p90_s: p90 } = dwell;
  const most = Math.max(1, ...histogram.map(({ count }) => count));
  const marks = [["p50", p50], ["p90", p90]] as const;
  return (
    <button type="button" class="histogram" onClick={show} title={`${counted(dwell.count, "visit")} that are over`}>
      <span class="said">half up to <b>{stayWords(p50)}</b>, nine in ten up to <b>{stayWords(p90)}</b></span>
      <span class="columns" aria-hidden="true">
        {histogram.map((bucket) => (
          <i key={bucket.from_s} style={{ height: `${(bucket.count / most) * 100}%` }} title={`${bucketWords(bucket)}: ${whole(bucket.count)}`} />
        ))}
        {marks.map(([name, seconds]) => (
          <b key={name} style={{ left: `${placeOf(histogram, seconds) * 100}%` }}><span>{name}</span></b>
        ))}
      </span>
      <span class="ends" aria-hidden="true">
        <span>{stayWords(histogram[0]?.from_s ?? 0)}</span>
        <span>{histogram.length > 2 ? stayWords(histogram[Math.floor(histogram.length / 2)]?.from_s ?? 0) : ""}</span>
        <span>{bucketWords(histogram.at(-1) ?? { from_s: 0, to_s: null })}</span>
      </span>
    </button>
  );
}
