// What the editor knows: the camera, its areas as they are drawn and as they are saved, and what is in hand.
import { computed, signal } from "@preact/signals";
import { cameraId } from "../../media";
import type { CameraInfo, CameraMoved, Moment } from "../../wire";
import { fetchCameras } from "../api";
import { poll } from "../poll";
import { isSame, type Draft, type DrawnKind } from "./draft";
import { letterbox, toPixels, type Point, type Size } from "./geometry";
import { Undo } from "./undo";
import { faultsOf } from "./warnings";

const LIST_MS = 5_000;

/** What the address asks for; null where it names none. */
export const asked = cameraId(new URLSearchParams(location.search).get("camera"));
export const cameras = poll(fetchCameras, LIST_MS);
/** The camera whose areas are edited; the first where the address names none. */
export const camera = computed<CameraInfo | null>(() => {
  const list = cameras.value.value ?? [];
  return list.find(({ id }) => id === asked) ?? (asked === null ? (list[0] ?? null) : null);
});

/** How far the areas are: not asked yet, there, or why not. */
export const loaded = signal<"no" | "yes" | { status: number | null; words: string }>("no");
/** Whether they can be changed here. */
export const editable = signal(false);
export const drafts = signal<Draft[]>([]);
export const saved = signal<Draft[]>([]);
export const unsaved = computed(() => !isSame(drafts.value, saved.value));
/** The key of the area that is in hand. */
export const chosen = signal<number | null>(null);
export const inHand = computed(() => drafts.value.find(({ key }) => key === chosen.value) ?? null);
/** The number of its point that arrow keys move. */
export const vertex = signal<number | null>(null);
/** What is being drawn: its points so far. */
export const pen = signal<{ kind: DrawnKind; points: Point[] } | null>(null);
/** Where the next point would be. */
export const cursor = signal<Point | null>(null);
/** The recorded moment that is shown instead of live. */
export const shown = signal<Moment | null>(null);

export interface Step {
  drafts: Draft[];
  chosen: number | null;
}

export const undo = new Undo<Step>();
/** Counts its changes: the buttons follow. */
export const steps = signal(0);

/** What the server found wrong with which area, and with none. */
export const problems = signal<{ of: Map<number, string[]>; rest: string[] }>({ of: new Map(), rest: [] });
export const saving = signal(false);
/** Whether anything was saved since the page was opened. */
export const hasSaved = signal(false);
/** What was done last, for those who hear the page. */
export const spoken = signal("");

/** How the camera was moved since its areas were drawn; null where it was not. */
export const moved = signal<CameraMoved | null>(null);

/** Why the areas cannot be saved as they are, one sentence for each that is wrong. */
export const faults = computed(() => drafts.value.map((draft) => ({ draft, words: faultsOf(draft, drafts.value) })).filter(({ words }) => words.length > 0));

/** The picture's size in pixels, as far as known, and that of its element. */
export const picture = signal<Size>({ width: 1920, height: 1080 });
export const stage = signal<Size>({ width: 0, height: 0 });
/** Where the picture is in its element. */
export const area = computed(() => letterbox(picture.value, stage.value));
/** Points of an area as places in it. */
export const pixelsOf = (points: readonly Point[]): Point[] => points.map((point) => toPixels(point, area.value));
