// Zones: how full they are, and where people wait longest.
import type { AreaFacts } from "../../wire";
import { decimal, whole } from "../facts/numbers";
import { stayWords } from "./buckets";
import { areaKey } from "./merge";
import { Nothing, Panel } from "./panel";
import { areas, nameOf, now, open, told } from "./state";
import { slowest } from "./sums";

/** The area's name, with the camera's where others have an area of that name too. */
export function areaWords({ camera_id: camera, area }: { camera_id: number; area: string }): string {
  return (areas.value ?? []).some((other) => other.name === area && other.camera_id !== camera) ? `${area}, ${nameOf(camera)}` : area;
}

export const openVisits = (area: AreaFacts): void => { open(`Visits, ${area.area}`, { kind: "visit", scope: { camera: area.camera_id, area: area.area } }); };

/** One bar of a list: `bar` and `mark` are shares of the whole width. */
export function Bar({ name, bar, mark, value, onOpen }: { name: string; bar: number; mark?: number | undefined; value: string; onOpen: () => void }) {
  return (
    <li>
      <button type="button" class="row" onClick={onOpen}>
        <span class="what">{name}</span>
        <span class="value">{value}</span>
        <span class="track" aria-hidden="true">
          <i style={{ width: `${Math.min(100, bar * 100)}%` }} />
          {mark !== undefined && <b style={{ left: `${Math.min(100, mark * 100)}%` }} />}
        </span>
      </button>
    </li>
  );
}

export function OccupancyPanel() {
  const zones = (told.value?.facts.areas ?? []).filter(({ occupancy }) => occupancy !== null);
  const most = Math.max(1, ...zones.map(({ occupancy }) => occupancy?.most ?? 0));
  const current = (zone: AreaFacts): string => {
    const count = now.value.get(areaKey(zone))?.occupancy ?? null;
    return count === null ? "–" : whole(count);
  };
  const table = () => ({
    head: ["Zone", "Mean", "p95", "Most", "Now"],
    rows: zones.map((zone) => ({ cells: [areaWords(zone), decimal(zone.occupancy?.mean ?? null), whole(zone.occupancy?.p95 ?? 0), whole(zone.occupancy?.most ?? 0), current(zone)], open: () => { openVisits(zone); } })),
  });
  return (
    <Panel name="occupancy" title="In the zones" table={zones.length > 0 ? table : null} more={zones.length > 0 && <span class="legend"><i class="in" />mean <i class="mark" />p95</span>}>
      {zones.length === 0 ? <Nothing words="Draw a zone to see how many are in it." /> : (
        <ul class="bars">
          {zones.map((zone) => (
            <Bar key={areaKey(zone)} name={areaWords(zone)} bar={(zone.occupancy?.mean ?? 0) / most} mark={(zone.occupancy?.p95 ?? 0) / most}
              value={`${decimal(zone.occupancy?.mean ?? null)} · p95 ${whole(zone.occupancy?.p95 ?? 0)} · now ${current(zone)}`} onOpen={() => { openVisits(zone); }} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

export function QueuesPanel() {
  const zones = slowest(told.value?.facts.areas ?? []);
  const most = zones[0]?.dwell?.p90_s ?? 1;
  const table = () => ({
    head: ["Zone", "p90", "p50", "Mean", "Visits"],
    rows: zones.map((zone) => ({
      cells: [areaWords(zone), stayWords(zone.dwell?.p90_s ?? 0), stayWords(zone.dwell?.p50_s ?? 0), stayWords(zone.dwell?.mean_s ?? 0), whole(zone.dwell?.count ?? 0)],
      open: () => { openVisits(zone); },
    })),
  });
  return (
    <Panel name="queues" title="Slowest queues" table={zones.length > 0 ? table : null} more={zones.length > 0 && <span class="legend"><i class="in" />p90 <i class="mark" />p50</span>}>
      {zones.length === 0 ? <Nothing words="No visit is over." /> : (
        <ul class="bars">
          {zones.map((zone) => (
            <Bar key={areaKey(zone)} name={areaWords(zone)} bar={(zone.dwell?.p90_s ?? 0) / most} mark={(zone.dwell?.p50_s ?? 0) / most}
              value={`one in ten over ${stayWords(zone.dwell?.p90_s ?? 0)}`} onOpen={() => { openVisits(zone); }} />
          ))}
        </ul>
      )}
    </Panel>
  );
}
