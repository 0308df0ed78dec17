// Asks for what the timeline shows: soon after it has moved, and again and again while the present is in sight.
import { effect } from "@preact/signals";
import { fetchCameras } from "../api";
import { poll } from "../poll";
import { extent, merged } from "./coverage";
import { learnPictures } from "./pictures";
import { fetchRecordings, fetchVisits, VISITS_MOST, type Visit } from "./recordings";
import { ahead, answered, cameras, chosen, coverage, now, picked, present, room, trouble, view, visits, visitsBeyond, width } from "./state";
import { clamped, showsPresent, spanOf } from "./timescale";

/** A timeline that moves is asked for when it rests so long. */
const REST_MS = 150;
const AGAIN_MS = 5_000;
/** A server that does not record is asked this seldom whether it does now. */
const NONE_MS = 60_000;
const LIST_MS = 30_000;
/** So many seconds ago, what was recorded is in the index. */
const SETTLED = 15;
/** The server's most. */
const POINTS_MAX = 2_000;
/** Asked for beyond each end, as a share of the view: a short drag finds it there. */
const BESIDE = 0.25;
const CREEP = 0.1;

let rest: ReturnType<typeof setTimeout> | undefined;
let again: ReturnType<typeof setTimeout> | undefined;
let asking = false;
let asked = "";

/** Begins to load; once for a page. */
export function load(): void {
  visitsBeyond.value = beyond;
  const list = poll(fetchCameras, LIST_MS);
  effect(() => {
    cameras.value = list.value.value ?? [];
  });
  effect(() => {
    // A view that creeps along with the present is asked for anew when it has moved by so much; what lies beside it is there.
    const place = Math.round(view.value.from / (spanOf(view.value) * CREEP));
    const wanted = `${place} ${spanOf(view.value)} ${chosen.value.join()} ${width.value}`;
    if (wanted === asked) return;
    asked = wanted;
    clearTimeout(rest);
    rest = setTimeout(() => void round(), REST_MS);
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) void round();
  });
  void round();
}

async function round(): Promise<void> {
  if (asking) return;
  clearTimeout(again);
  asking = true;
  const before = asked;
  try {
    await once();
  } finally {
    asking = false;
  }
  // Moved meanwhile: what is in sight now was not asked for.
  if (before !== asked) {
    clearTimeout(rest);
    rest = setTimeout(() => void round(), REST_MS);
  } else if (showsPresent(view.peek(), present()) || answered.peek() !== "yes" || trouble.peek() !== "") {
    const wait = answered.peek() === "none" ? NONE_MS : AGAIN_MS;
    again = setTimeout(() => void round(), document.hidden ? 5 * wait : wait);
  }
}

async function once(): Promise<void> {
  const beside = spanOf(view.peek()) * BESIDE;
  const [from, to] = [Math.max(0, view.peek().from - beside), view.peek().to + beside];
  const points = Math.min(POINTS_MAX, Math.max(100, Math.round((width.peek() || 800) * (1 + 2 * BESIDE))));
  // At first nobody knows which cameras there are: then all are asked for, which also says which have footage.
  const some = answered.peek() === "yes" ? chosen.peek() : [];
  const answer = await fetchRecordings(some, from, to, points);
  if (!answer.ok) {
    if (answer.status === 404) answered.value = "none";
    else trouble.value = answer.words;
    return;
  }
  trouble.value = typeof answer.value.error === "string" ? `Nothing can be recorded: ${answer.value.error}` : "";
  const first = answered.peek() !== "yes";
  ahead.value = answer.value.now - Date.now() / 1000;
  now.value = answer.value.now;
  room.value = answer.value.room;
  coverage.value = merged(coverage.peek(), answer.value, from, to);
  answered.value = answer.value.cameras.length > 0 ? "yes" : "none";
  const newest = answer.value.cameras.find((camera) => camera.newest !== null);
  if (newest?.newest) learnPictures(newest.camera_id, newest.newest.unix - SETTLED);
  // Those that the address names and nobody has are forgotten.
  if (first && picked.peek()?.some((id) => !coverage.peek().has(id))) picked.value = picked.peek()?.filter((id) => coverage.peek().has(id)) ?? null;
  // An address may ask for more than there is.
  if (first) view.value = clamped(view.peek(), { oldest: extent(coverage.peek())?.oldest ?? from, now: present() });
  await loadVisits(from, to);
}

/** Whether the server keeps visits; until it says no, it is asked. */
let keepsVisits = true;

async function loadVisits(from: number, to: number): Promise<void> {
  if (!keepsVisits || chosen.peek().length === 0) return;
  const answer = await fetchVisits(chosen.peek(), from, to, VISITS_MOST);
  if (answer.ok) visits.value = answer.value.visits;
  else if (answer.status === 404) {
    keepsVisits = false;
    visits.value = null;
  }
}

/** Visits farther away than what is loaded: those of the next hours, then of all time, in one direction. */
async function beyond(t: number, direction: 1 | -1): Promise<Visit[]> {
  for (const reach of [6 * 3_600, 90 * 86_400]) {
    const answer = await fetchVisits(chosen.peek(), Math.max(0, direction < 0 ? t - reach : t), direction < 0 ? t : t + reach, VISITS_MOST);
    if (!answer.ok) return [];
    if (answer.value.visits.length > 0) return answer.value.visits;
  }
  return [];
}
