// What a rule would have done last week, before anybody is woken by it.
import { useRef, useState } from "preact/hooks";
import type { Rehearsal, RuleInfo } from "../../wire";
import { rehearse } from "../facts/alertsapi";
import { recordedHref } from "../facts/api";
import { whenOf } from "../facts/numbers";
import { Shot } from "../facts/shot";
import { rehearsalWords } from "./rulewords";

const WEEK_S = 7 * 86_400;

/** `rule` is what the form says now: what was found of an earlier state of it is not shown. */
export function Rehearse({ rule, lacks }: { rule: RuleInfo; lacks: () => boolean }) {
  const [busy, setBusy] = useState(false);
  const [found, setFound] = useState<{ of: string; is: Rehearsal } | null>(null);
  const [words, setWords] = useState("");
  const state = JSON.stringify({ ...rule, name: "", notify: [] });
  const newest = useRef(state);
  newest.current = state;
  const begin = async (): Promise<void> => {
    if (lacks()) return;
    const now = Date.now() / 1000;
    setBusy(true);
    setWords("");
    const answer = await rehearse(rule, { from: now - WEEK_S, to: now });
    setBusy(false);
    if (newest.current !== state) return;
    if (answer.ok) setFound({ of: state, is: answer.value });
    else setWords(answer.status === 404 ? "This server cannot rehearse rules." : answer.words);
  };
  const is = found?.of === state ? found.is : null;
  return (
    <section class="rehearsal">
      <button type="button" class="quiet" disabled={busy} onClick={() => void begin()}>{busy ? "Rehearsing…" : "Rehearse on last week"}</button>
      <p role="status">{words !== "" ? words : is ? rehearsalWords(is) : ""}</p>
      {is && is.alerts.length > 0 && (
        <ol>
          {is.alerts.map((alert) => (
            <li key={alert.id}>
              {alert.camera_id === null ? <span>{alert.words}</span> : (
                <a href={recordedHref(alert.camera_id, alert.since)} title={alert.words} target="_blank" rel="noopener">
                  <Shot row={{ camera_id: alert.camera_id, at: alert.since, place: null }} />
                  <small>{whenOf(alert.since.unix)}</small>
                </a>
              )}
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
