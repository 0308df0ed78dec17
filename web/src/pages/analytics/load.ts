// Asking the server, and keeping up with what happens.
import { effect } from "@preact/signals";
import { fetchCameras } from "../api";
import { fetchAlerts } from "../facts/alertsapi";
import { counting, fetchAreas, fetchFacts, fetchRows, type Span } from "../facts/api";
import { listenToFacts, soonOnce } from "../facts/socket";
import { poll } from "../poll";
import { areaKey, inScope, merged } from "./merge";
import { formatAddress, midnight, periodOf, previousOf } from "./range";
import { ALERTS, alerts, areas, before, cameras, moved, now, openAlerts, refused, rows, scope, told, trouble, USUAL_STEP, wanted, weeks } from "./state";
import { HISTORY_DAYS } from "./usual";

/** Counts are asked for anew this often where nothing is told. */
const EVERY_MS = 60_000;
/** What is usual changes by the day. */
const WEEKS_MS = 900_000;
/** Cameras are added and named seldom. */
const CAMERAS_MS = 30_000;
/** Rows of the strip. */
const NEWEST = 24;
/** Alerts of a time that are counted. */

/** Counts what was asked for: answers to a question that was left are not shown. */
let asked = 0;
let weeksOf = "";
let weeksMs = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

async function refresh(): Promise<void> {
  clearTimeout(timer);
  const mine = ++asked;
  const of = scope.peek();
  const period = periodOf(wanted.peek(), Date.now() / 1000);
  const previous = previousOf(period);
  const [facts, then, newest] = await Promise.all([
    fetchFacts(of, period, period.step),
    wanted.peek().compare ? fetchFacts(of, previous, period.step) : null,
    fetchRows(of, period, NEWEST),
  ]);
  if (mine !== asked) return;
  trouble.value = facts.ok ? "" : facts.words;
  refused.value = facts.ok ? null : facts.status;
  if (facts.ok) {
    told.value = { period, facts: facts.value };
    before.value = then?.ok ? then.value : null;
    if (newest.ok) rows.value = newest.value.rows;
    await Promise.all([loadWeeks(mine), loadAlerts(mine, period, previous)]);
  }
  if (mine === asked) timer = setTimeout(() => void refresh(), document.hidden ? 5 * EVERY_MS : EVERY_MS);
}

/** One request says what is usual, and how hours and weekdays differ. */
async function loadWeeks(mine: number): Promise<void> {
  const of = JSON.stringify(scope.peek());
  if (of === weeksOf && performance.now() - weeksMs < WEEKS_MS) return;
  const t = Date.now() / 1000;
  const answer = await fetchFacts(scope.peek(), { from: midnight(t, -HISTORY_DAYS), to: t }, USUAL_STEP);
  if (mine !== asked || !answer.ok) return;
  weeks.value = answer.value;
  [weeksOf, weeksMs] = [of, performance.now()];
}

async function loadAlerts(mine: number, span: Span, previous: Span): Promise<void> {
  const [these, those] = await Promise.all([fetchAlerts(span, ALERTS), wanted.peek().compare ? fetchAlerts(previous, ALERTS) : null]);
  if (mine !== asked) return;
  openAlerts.value = these.ok ? these.value.open : null;
  alerts.value = { now: these.ok ? these.value.alerts.length : 0, before: those?.ok ? those.value.alerts.length : null };
}

/** Whether what happens now belongs to what is shown. */
const showsPresent = (): boolean => wanted.peek().range !== "custom";

const askSoon = soonOnce(() => void refresh());
function refreshSoon(): void {
  if (!document.hidden && showsPresent()) askSoon();
}

/** Loads the page, and keeps it as things are. */
export function load(): void {
  poll(fetchCameras, CAMERAS_MS, (all) => (cameras.value = all));
  void fetchAreas().then((answer) => {
    areas.value = answer.ok ? counting(answer.value) : [];
    moved.value = answer.ok ? answer.value.moved : [];
  });
  let first = true;
  effect(() => {
    const address = formatAddress(wanted.value);
    if (!first && address !== location.search) history.replaceState(null, "", `${location.pathname}${address}`);
    first = false;
    if (weeksOf !== "" && weeksOf !== JSON.stringify(scope.value)) weeks.value = null;
    void refresh();
  });
  listenToFacts((message) => {
    if (message.type === "now") {
      const all = new Map(now.peek());
      for (const area of message.areas) all.set(areaKey(area), area);
      now.value = all;
    } else if (message.type === "fact") {
      if (!inScope(message.fact, scope.peek())) return;
      if (showsPresent()) rows.value = merged(rows.peek(), message.fact, message.retracted, NEWEST);
      refreshSoon();
    } else refreshSoon();
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) refreshSoon();
  });
}
