// What can be done in the editor; every change of the areas goes through here, and so can be undone.
import { capitalised } from "../../media/words";
import { fetchStatus } from "../api";
import { fetchAreas, findAreasRight, saveAreas } from "../facts/api";
import { draftOf, editOf, fewest, freeName, isClosed, MOST_AREAS, MOST_POINTS, newDraft, problemsOf, withPoint, type Draft, type DrawnKind } from "./draft";
import { distance, kept, middle, movedAlong, type Point } from "./geometry";
import { camera, chosen, cursor, drafts, editable, hasSaved, inHand, loaded, moved, pen, picture, problems, saved, saving, spoken, steps, undo, vertex, type Step } from "./state";
import { placed, type Template } from "./templates";

/** Asks for the areas of a camera, and for the size of its picture. */
export async function load(id: number): Promise<void> {
  void fetchStatus(id).then((status) => {
    if (status.ok && status.value.size) picture.value = { width: status.value.size[0], height: status.value.size[1] };
  });
  const answer = await fetchAreas(id);
  if (!answer.ok) {
    loaded.value = { status: answer.status, words: answer.words };
    return;
  }
  editable.value = answer.value.editable;
  const there = answer.value.areas.filter(({ camera_id }) => camera_id === id).map(draftOf);
  [drafts.value, saved.value] = [there, there];
  moved.value = answer.value.moved.find(({ camera_id }) => camera_id === id) ?? null;
  undo.clear();
  loaded.value = "yes";
}

/** What undo comes back to. */
const asNow = (): Step => ({ drafts: drafts.value, chosen: chosen.value });

/** Makes the areas these. Changes in a row with one `tag` are undone at once. */
function set(next: Draft[], tag: string | null = null): void {
  undo.note(asNow(), tag);
  steps.value++;
  drafts.value = next;
}

/** Changes one area. */
export function change(key: number, more: Partial<Draft>, tag: string | null = null): void {
  set(drafts.value.map((draft) => (draft.key === key ? { ...draft, ...more } : draft)), tag);
  if (problems.value.of.has(key)) problems.value = { ...problems.value, of: new Map([...problems.value.of].filter(([of]) => of !== key)) };
}

/** The next change is a step of its own. */
export function settle(): void {
  undo.settle();
}

export function choose(key: number | null, point: number | null = null): void {
  undo.settle();
  chosen.value = key;
  vertex.value = point;
}

function step(to: Step | null, words: string): void {
  steps.value++;
  if (!to) return;
  drafts.value = to.drafts;
  choose(to.chosen !== null && to.drafts.some(({ key }) => key === to.chosen) ? to.chosen : null);
  spoken.value = words;
}

/** Back by one step; of a drawing that has begun, by one point. */
export function undoStep(): void {
  if (pen.value) takeBack();
  else step(undo.undo(asNow()), "Undone");
}

export function redoStep(): void {
  if (!pen.value) step(undo.redo(asNow()), "Done again");
}

/** Begins a line, a zone or a mask: the next clicks are its points. */
export function draw(kind: DrawnKind): void {
  choose(null);
  pen.value = { kind, points: [] };
  cursor.value = null;
  spoken.value = `Drawing a ${kind}`;
}

/** One more point of what is being drawn. */
export function point(place: Point): void {
  const { value } = pen;
  if (!value || value.points.length >= MOST_POINTS) return;
  const points = [...value.points, kept(place)];
  pen.value = { ...value, points };
  spoken.value = `Point ${points.length}`;
}

function takeBack(): void {
  const { value } = pen;
  if (!value) return;
  if (value.points.length === 0) cancel();
  else pen.value = { ...value, points: value.points.slice(0, -1) };
}

/** Makes an area of what was drawn, if it has points enough. */
export function finish(): void {
  const { value } = pen;
  // A double click made two points in one place.
  const points = value?.points.filter((place, at, all) => at === 0 || distance(place, all[at - 1] ?? place) > 1e-4) ?? [];
  if (!value || points.length < fewest(value.kind)) return;
  const name = freeName(capitalised(value.kind), drafts.value);
  add([newDraft(name, value.kind, points)]);
}

/** Stops drawing, and keeps nothing of it. */
export function cancel(): void {
  pen.value = null;
  cursor.value = null;
}

export function place(template: Template): void {
  add(placed(template, drafts.value));
}

function add(made: Draft[]): void {
  cancel();
  if (drafts.value.length + made.length > MOST_AREAS) {
    spoken.value = `A camera has ${MOST_AREAS} areas at most.`;
    return;
  }
  set([...drafts.value, ...made]);
  choose(made[0]?.key ?? null);
  spoken.value = made.map(({ name }) => `${name} added`).join(", ");
}

export function remove(key: number): void {
  const gone = drafts.value.find((draft) => draft.key === key);
  set(drafts.value.filter((draft) => draft.key !== key));
  if (chosen.value === key) choose(null);
  spoken.value = `${gone?.name ?? "Area"} deleted`;
}

/** Moves a point of the area in hand to a place. */
export function movePoint(at: number, to: Point, tag = `point ${at}`): void {
  const draft = inHand.value;
  if (draft) change(draft.key, { points: draft.points.with(at, kept(to)) }, `${draft.key} ${tag}`);
}

/** Moves a point by pixels of the picture. */
export function nudge(at: number, [dx, dy]: Point): void {
  const from = inHand.value?.points[at];
  if (!from) return;
  const to = kept([from[0] + dx / picture.value.width, from[1] + dy / picture.value.height]);
  movePoint(at, to, `keys ${at}`);
  spoken.value = placeWords(to);
}

/** One more point after point `at` of the area in hand, halfway to the next, or where it is told. */
export function insertPoint(at: number, where?: Point, tag: string | null = null): void {
  const draft = inHand.value;
  const from = draft?.points[at];
  if (!draft || !from || draft.points.length >= MOST_POINTS) return;
  const next = draft.points[at + 1] ?? (isClosed(draft.kind) ? draft.points[0] : undefined);
  // After the end of a line: the way on, as far as the picture goes.
  const before = draft.points[at - 1] ?? from;
  const to = where ?? (next ? middle(from, next) : ([from[0] + (from[0] - before[0]) / 4, from[1] + (from[1] - before[1]) / 4] as const));
  change(draft.key, { points: withPoint(draft.points, at, to) }, tag === null ? null : `${draft.key} ${tag}`);
  vertex.value = at + 1;
}

/** Takes a point out of the area in hand, as long as it stays a shape. */
export function removePoint(at: number): void {
  const draft = inHand.value;
  if (!draft) return;
  if (draft.points.length <= fewest(draft.kind)) {
    spoken.value = `A ${draft.kind} keeps ${fewest(draft.kind)} points.`;
    return;
  }
  change(draft.key, { points: draft.points.toSpliced(at, 1) });
  vertex.value = Math.max(0, at - 1);
  spoken.value = `Point ${at + 1} removed`;
}

/** What Backspace takes away: the last point drawn, or the point in hand. */
export function backspace(): boolean {
  if (pen.value) takeBack();
  else if (vertex.value !== null) removePoint(vertex.value);
  else return false;
  return true;
}

/** Who went in goes out. */
export function flip(key: number): void {
  const draft = drafts.value.find((one) => one.key === key);
  if (draft) change(key, { inside: draft.inside === "left" ? "right" : "left" });
}

/** Moves all areas to where what they were drawn on is now. */
export function align(): void {
  const by = moved.value;
  if (!by) return;
  set(drafts.value.map((draft) => ({ ...draft, points: movedAlong(draft.points, by.motion) })));
  moved.value = null;
  spoken.value = "Moved along: look whether they fit, then save.";
}

/** The areas are right as they are, though the camera was moved. */
export async function findRight(): Promise<void> {
  const by = moved.value;
  if (!by) return;
  const answer = await findAreasRight(by.camera_id);
  if (answer.ok) moved.value = null;
  else problems.value = { of: new Map(), rest: [answer.words] };
}

/** Sends all areas of the camera. */
export async function save(): Promise<void> {
  const id = camera.value?.id;
  if (id === undefined || saving.value) return;
  saving.value = true;
  problems.value = { of: new Map(), rest: [] };
  const sent = drafts.value;
  const answer = await saveAreas(id, { areas: sent.map(editOf) });
  saving.value = false;
  if (!answer.ok) {
    problems.value = problemsOf(answer.errors, answer.words, sent);
    return;
  }
  // What was edited while it was on its way is kept; what was sent has its name on the server now.
  const known = new Map(sent.map(({ key, name }) => [key, name.trim()]));
  const named = (list: Draft[]): Draft[] => list.map((draft) => ({ ...draft, was: known.get(draft.key) ?? draft.was }));
  saved.value = named(sent);
  drafts.value = named(drafts.value);
  // Steps before this would bring back names that the server does not know any more.
  undo.clear();
  steps.value++;
  hasSaved.value = true;
  spoken.value = "Saved";
}

/** "20.5 % from the left, 31 % from above". */
export function placeWords([x, y]: Point): string {
  return `${share(x)} from the left, ${share(y)} from above`;
}

function share(value: number): string {
  return `${Math.round(value * 1000) / 10} %`;
}
