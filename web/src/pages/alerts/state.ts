// What the page knows, and how it learns it.
import { effect, signal } from "@preact/signals";
import type { AlertInfo, AreaInfo, CameraInfo, RuleInfo, Rules } from "../../wire";
import { fetchCameras, type Answer } from "../api";
import { acknowledge, fetchAlerts, fetchRules, saveRules } from "../facts/alertsapi";
import { counting, fetchAreas, type Span } from "../facts/api";
import { listenToFacts, soonOnce } from "../facts/socket";
import { poll } from "../poll";
import { withAlert } from "./mergealerts";

const CAMERAS_MS = 30_000;
const EVERY_MS = 60_000;
const PAGE = 50;

export const cameras = signal<CameraInfo[]>([]);
export const areas = signal<AreaInfo[]>([]);
/** The newest first; null until the server has answered. */
export const alerts = signal<AlertInfo[] | null>(null);
export const openCount = signal(0);
/** Where older ones go on; null where there are none. */
export const older = signal<string | null>(null);
export const rules = signal<Rules | null>(null);
export const trouble = signal("");
/** HTTP status of what was refused last. */
export const refused = signal<number | null>(null);
export const rulesTrouble = signal("");
/** The rule whose form is open, by its place in the list; "new": one that is not there yet. */
export const editing = signal<number | "new" | null>(null);
/** Ids of the buttons that open forms: they have the focus again afterwards. */
export const ADD = "add-rule";
export const editId = (index: number): string => `edit-rule-${index}`;

export const nameOf = (id: number): string => cameras.value.find((camera) => camera.id === id)?.name ?? `camera ${id}`;

const all = (): Span => ({ from: 0, to: Date.now() / 1000 + 60 });

async function refresh(): Promise<void> {
  const answer = await fetchAlerts(all(), PAGE);
  trouble.value = answer.ok ? "" : answer.words;
  refused.value = answer.ok ? null : answer.status;
  if (!answer.ok) return;
  const { alerts: newest, next, open } = answer.value;
  openCount.value = open;
  const last = newest.at(-1);
  const before = alerts.peek();
  // Older ones that were asked for stay.
  const kept = last && before ? before.filter((one) => one.since.unix < last.since.unix && !newest.some(({ id }) => id === one.id)) : [];
  alerts.value = [...newest, ...kept];
  if (kept.length === 0) older.value = next;
}

/** Asks for those before the oldest one shown. */
export async function loadOlder(): Promise<void> {
  const answer = await fetchAlerts(all(), PAGE, older.peek());
  if (!answer.ok) {
    trouble.value = answer.words;
    return;
  }
  alerts.value = [...(alerts.peek() ?? []), ...answer.value.alerts.filter((one) => alerts.peek()?.some(({ id }) => id === one.id) !== true)];
  older.value = answer.value.next;
}

/** Says that somebody has seen to it. */
export async function seeTo(alert: AlertInfo): Promise<void> {
  const answer = await acknowledge(alert.id);
  if (!answer.ok) {
    trouble.value = answer.words;
    return;
  }
  alerts.value = withAlert(alerts.peek() ?? [], answer.value);
  void refresh();
}

/** Puts other rules in place of all that there are. */
export async function change(changed: RuleInfo[]): Promise<Answer<Rules>> {
  const answer = await saveRules(changed);
  if (answer.ok) rules.value = answer.value;
  return answer;
}

const refreshSoon = soonOnce(() => void refresh());

/** Loads the page, and keeps it as things are. */
export function load(): void {
  poll(fetchCameras, CAMERAS_MS, (list) => (cameras.value = list));
  void fetchAreas().then((answer) => {
    if (answer.ok) areas.value = counting(answer.value);
  });
  void fetchRules().then((answer) => {
    if (answer.ok) rules.value = answer.value;
    rulesTrouble.value = answer.ok ? "" : answer.words;
  });
  void refresh();
  setInterval(() => {
    if (!document.hidden) void refresh();
  }, EVERY_MS);
  listenToFacts((message) => {
    if (message.type !== "alert") return;
    alerts.value = withAlert(alerts.peek() ?? [], message.alert);
    refreshSoon();
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) refreshSoon();
  });
  effect(() => {
    document.title = `${openCount.value > 0 ? `(${openCount.value}) ` : ""}Alerts · razz`;
  });
}
