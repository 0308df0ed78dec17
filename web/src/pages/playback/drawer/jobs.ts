// The exports that there are: looked at every second while one is being made, else when the list is opened.
import { computed, signal } from "@preact/signals";
import type { ExportInfo, Exports, NewExport } from "../../../wire";
import { ask, type Answer } from "../../api";
import { BUSY } from "../side";
import { exporting, said } from "../state";
import { overWords } from "./exportwords";

const LOOK_MS = 1_000;
/** Looked at so seldom while nobody sees the page, and while the server does not answer. */
const SELDOM_MS = 5_000;

/** Newest first; null until the server has answered. */
export const exported = signal<readonly ExportInfo[] | null>(null);
/** Why the list is not what it should be. */
export const exportTrouble = signal("");

const isBusy = ({ state }: ExportInfo): boolean => state === "waiting" || state === "running";
export const busy = computed(() => (exported.value ?? []).filter(isBusy));

let timer: ReturnType<typeof setTimeout> | undefined;
let isAsking = false;

/** Looks now, and goes on as long as something is being made. */
export async function look(): Promise<void> {
  clearTimeout(timer);
  if (isAsking) return;
  isAsking = true;
  const answer = await ask<Exports>("api/exports");
  isAsking = false;
  exportTrouble.value = answer.ok ? "" : answer.words;
  if (answer.ok) show(answer.value.exports);
  // Who may not export, or what server cannot, is asked no more.
  const isRefused = !answer.ok && answer.status !== null && answer.status < 500;
  if (busy.peek().length > 0 && !isRefused) timer = setTimeout(() => void look(), document.hidden || !answer.ok ? SELDOM_MS : LOOK_MS);
}

function show(list: readonly ExportInfo[]): void {
  const before = busy.peek();
  exported.value = list;
  const now = busy.peek();
  exporting.value = now.length === 0 ? null : now.reduce((sum, { progress }) => sum + progress, 0) / now.length;
  const over = list.filter(({ id }) => before.some((one) => one.id === id)).map(overWords).filter((words) => words !== "");
  if (over.length > 0) said.value = over.join(" ");
  try {
    if (now.length > 0) localStorage.setItem(BUSY, "1");
    else localStorage.removeItem(BUSY);
  } catch {
    // A forbidden store: after the page is loaded anew, it looks when the list is opened.
  }
}

/** Asks for an export. */
export async function begin(wanted: NewExport): Promise<Answer<ExportInfo>> {
  const answer = await ask<ExportInfo>("api/exports", "POST", wanted);
  if (answer.ok) {
    show([answer.value, ...(exported.peek() ?? [])]);
    void look();
  }
  return answer;
}

/** Cancels an export that is being made, or deletes what was made. */
export async function drop(id: string): Promise<void> {
  const answer = await ask<null>(`api/exports/${encodeURIComponent(id)}`, "DELETE");
  // One that is gone already is as good.
  if (!answer.ok && answer.status !== 404) {
    exportTrouble.value = answer.words;
    return;
  }
  exported.value = (exported.peek() ?? []).filter((one) => one.id !== id);
  show(exported.peek() ?? []);
}

/** Its file. */
export function fileHref(id: string): string {
  return `api/exports/${encodeURIComponent(id)}/file`;
}
