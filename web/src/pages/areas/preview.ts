// What the area in hand would have counted in the last 24 hours, asked anew with every place that it is dragged to.
import { computed, effect, signal } from "@preact/signals";
import type { AreaEdit, AreaPreview, AreaPreviewRequest } from "../../wire";
import { ask, type Refusal } from "../api";
import { seconds } from "../playback/recordings";
import { editOf, type Draft } from "./draft";
import { eachLine, Newest } from "./newest";
import { camera, inHand } from "./state";
import { faultsOf } from "./warnings";

const DAY_S = 86_400;
/** The end of the time asked for moves on so seldom: the server need not read it anew for each place of a drag. */
const STEP_S = 60;
/** An answer that is not wanted any more is waited for so long. */
const PATIENCE_MS = 500;

interface Question {
  camera: number;
  key: number;
  edit: AreaEdit;
  drawing: string;
}

/** What was answered, and of which drawing of which area. */
export interface Seen {
  key: number;
  drawing: string;
  value: AreaPreview;
}

const seen = signal<Seen | null>(null);
/** Whether an answer, or its rest, is on its way. */
export const asking = signal(false);
/** Why there are no counts. */
export const refusal = signal<Refusal | null>(null);

/** What decides about the counts: all but the name. */
function drawingOf(draft: Draft): string {
  return JSON.stringify({ ...editOf(draft), name: "", was: "" });
}

/** The newest answer on the area in hand; of an earlier drawing while the next is on its way. */
export const preview = computed(() => (seen.value?.key === inHand.value?.key ? (seen.value?.value ?? null) : null));
/** The same, but only if it is of the area as it is drawn now. */
export const current = computed(() => (inHand.value && seen.value?.drawing === drawingOf(inHand.value) ? preview.value : null));

const newest = new Newest<Question>(async ({ camera: id, key, edit, drawing }, signal) => {
  const to = Math.floor(Date.now() / 1000 / STEP_S) * STEP_S;
  const body: AreaPreviewRequest = { camera_id: id, area: edit, from: seconds(to - DAY_S), to: seconds(to) };
  const part = (value: AreaPreview): void => {
    if (!signal.aborted) seen.value = { key, drawing, value };
  };
  asking.value = true;
  const answer = await ask<null>("api/areas/preview", "POST", body, {
    accept: "application/x-ndjson",
    signal,
    read: async (response) => {
      if (response.body) await eachLine(response.body, (line) => { part(JSON.parse(line) as AreaPreview); });
      return null;
    },
  });
  asking.value = false;
  if (!signal.aborted) refusal.value = answer.ok ? null : answer;
}, PATIENCE_MS);

/** Follows the area in hand for as long as the page is there. */
export function followPreview(): void {
  let before = "";
  effect(() => {
    const draft = inHand.value;
    const id = camera.value?.id;
    // A mask counts nothing.
    if (!draft || draft.kind === "mask" || id === undefined || faultsOf({ ...draft, name: "x" }, []).length > 0) {
      before = "";
      newest.drop();
      return;
    }
    const drawing = drawingOf(draft);
    const wanted = `${id} ${draft.key} ${drawing}`;
    // Without recordings or the route there is none for any drawing.
    if (wanted === before || refusal.peek()?.status === 409 || refusal.peek()?.status === 404) return;
    before = wanted;
    const edit = editOf({ ...draft, was: null });
    newest.want({ camera: id, key: draft.key, drawing, edit: { ...edit, name: edit.name === "" ? "area" : edit.name } });
  });
}

/** Why there are no counts, in words. */
export function refusalWords({ status, words }: Refusal): string {
  if (status === 409) return "Recording is off for this camera, so there is no past to count in. Counting goes on from now, once the areas are saved.";
  if (status === 404) return "This server cannot count in the past: its version is older than this page.";
  return words;
}
