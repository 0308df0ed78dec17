// What happened last, with its pictures.
import { recordedHref } from "../facts/api";
import { whenOf } from "../facts/numbers";
import { Shot } from "../facts/shot";
import { told as live } from "../facts/socket";
import { keyOf } from "./merge";
import { Nothing, Panel } from "./panel";
import { rowWords } from "./rowwords";
import { open, rows } from "./state";
import { areaWords } from "./zones";

export function Strip() {
  const table = () => ({ head: ["When", "Where", "What"], rows: rows.value.map((row) => ({ cells: [whenOf(row.at.unix), areaWords(row), rowWords(row)] })) });
  const more = (
    <>
      <span class={live.value ? "live on" : "live"}>{live.value ? "live" : "not live: figures are a minute old at most"}</span>
      <button type="button" class="toggle" onClick={() => { open("Everything"); }}>all</button>
    </>
  );
  return (
    <Panel name="strip" title="Newest" more={more} table={rows.value.length > 0 ? table : null}>
      {rows.value.length === 0 ? <Nothing words="Nothing has happened in this time." /> : (
        <ol class="shots" aria-label="Newest first">
          {rows.value.map((row) => (
            <li key={keyOf(row)}>
              <a href={recordedHref(row.camera_id, row.at)} title={`${areaWords(row)}: play the recording`}>
                <Shot row={row} />
                <b>{rowWords(row)}</b>
                <small>{whenOf(row.at.unix)} · {row.area}</small>
              </a>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}
