// Alerts with their pictures, and what became of them.
import { useState } from "preact/hooks";
import type { AlertInfo } from "../../wire";
import { recordedHref } from "../facts/api";
import { counted, whenOf } from "../facts/numbers";
import { Shot } from "../facts/shot";
import { told } from "../facts/socket";
import { isOpen } from "./mergealerts";
import { whenWords } from "./rulewords";
import { alerts, loadOlder, nameOf, older, openCount, rules, seeTo } from "./state";

const STATES: Record<AlertInfo["state"], string> = { pending: "about to fire", firing: "firing", resolved: "over" };

export function Inbox() {
  const [all, setAll] = useState(false);
  const list = alerts.value;
  if (list === null) return <p class="quiet">…</p>;
  const shown = all ? list : list.filter(isOpen);
  return (
    <section class="inbox" aria-labelledby="inbox">
      <header>
        <h2 id="inbox">{openCount.value === 0 ? "No open alerts" : counted(openCount.value, "open alert")}</h2>
        <span class={told.value ? "live on" : "live"}>{told.value ? "live" : "not live: this list is a minute old at most"}</span>
        <a class="torules" href="#rules">Rules</a>
        <div class="which" role="group" aria-label="Which alerts">
          <button type="button" aria-pressed={!all} onClick={() => { setAll(false); }}>open</button>
          <button type="button" aria-pressed={all} onClick={() => { setAll(true); }}>all</button>
        </div>
      </header>
      {shown.length === 0 && <p class="quiet">{emptyWords(list.length)}</p>}
      <ol>
        {shown.map((alert) => <Alert key={alert.id} alert={alert} />)}
      </ol>
      {older.value !== null && (
        <button type="button" class="quiet" onClick={() => { setAll(true); void loadOlder(); }}>older ones</button>
      )}
    </section>
  );
}

function emptyWords(count: number): string {
  if (count > 0) return "All of them are acknowledged.";
  return rules.value?.rules.length === 0 ? "There are no rules yet, and so there is nothing to be told. Add one: it can be tried on last week before it is saved." : "No rule has fired yet.";
}

function Alert({ alert }: { alert: AlertInfo }) {
  const [busy, setBusy] = useState(false);
  const { state, camera_id: camera, acknowledged_by: by, acknowledged_at: seen } = alert;
  const place = [alert.area, camera === null ? null : nameOf(camera)].filter((part) => part !== null).join(", ");
  return (
    <li class={`alert ${state}${isOpen(alert) ? "" : " seen"}`}>
      {camera === null ? <span class="shot" aria-hidden="true" /> : (
        <a href={recordedHref(camera, alert.since)} aria-label={`Play the recording of ${whenOf(alert.since.unix)}`}>
          <Shot row={{ camera_id: camera, at: alert.since, place: null }} />
        </a>
      )}
      <div>
        <p class="words">{alert.words}</p>
        <p class="when">
          <span class={`badge ${state}`}>{STATES[state]}</span> {whenWords(alert)}
        </p>
        <small>{alert.rule}{place !== "" && ` · ${place}`}</small>
        {seen !== null && <small>Acknowledged{by === null ? "" : ` by ${by}`}, {whenOf(seen)}</small>}
        <p class="buttons">
          {seen === null && (
            <button type="button" class="quiet" disabled={busy} onClick={() => { setBusy(true); void seeTo(alert).then(() => { setBusy(false); }); }}>
              Acknowledge
            </button>
          )}
          {camera !== null && <a href={recordedHref(camera, alert.since)}>Recording</a>}
        </p>
      </div>
    </li>
  );
}
