// Rules and alerts, asked of the server.
import type { AlertInfo, Alerts, Rehearsal, RehearsalRequest, RuleInfo, Rules, RulesEdit } from "../../wire";
import { ask, type Answer } from "../api";
import { seconds } from "../playback/recordings";
import type { Span } from "./api";

/** Alerts of a time, the newest first; `before` goes on where an answer ended. */
export function fetchAlerts({ from, to }: Span, limit: number, before: string | null = null): Promise<Answer<Alerts>> {
  return ask<Alerts>(`api/alerts?from=${seconds(from)}&to=${seconds(to)}&limit=${limit}${before === null ? "" : `&before=${encodeURIComponent(before)}`}`);
}

/** Says that somebody has seen to an alert. */
export function acknowledge(id: string): Promise<Answer<AlertInfo>> {
  return ask<AlertInfo>(`api/alerts/${encodeURIComponent(id)}/acknowledge`, "POST");
}

/** What raises alerts, and by which ways people can be told. */
export function fetchRules(): Promise<Answer<Rules>> {
  return ask<Rules>("api/rules");
}

/** Replaces all rules. */
export function saveRules(rules: RuleInfo[]): Promise<Answer<Rules>> {
  return ask<Rules>("api/rules", "PUT", { rules } satisfies RulesEdit);
}

/** What a rule would have raised in a time that is over. */
export function rehearse(rule: RuleInfo, { from, to }: Span): Promise<Answer<Rehearsal>> {
  return ask<Rehearsal>("api/rules/rehearse", "POST", { rule, from: seconds(from), to: seconds(to) } satisfies RehearsalRequest);
}
