// What the playback page shows now, in one place: everything else reads it, and changes it by actions.ts.
import { computed, signal } from "@preact/signals";
import type { CameraInfo } from "../../wire";
import type { PlayerProps } from "../player";
import { whatIsAt, type Coverage, type Footage } from "./coverage";
import { MOST_CAMERAS, parseAddress } from "./moment";
import type { Recordings, Visit } from "./recordings";
import { readLooked } from "./seen";
import { around, type View } from "./timescale";

/** What the timeline shows unless the address says otherwise. */
const SPAN = 2 * 3_600;
const CHOSEN = "razz.playback.cameras";

type Looks = Pick<PlayerProps, "no-boxes" | "no-labels" | "no-trails" | "no-indicator" | "classes">;

export const address = parseAddress(location.search);

/** The server's clock is ahead of ours by so many seconds. */
export const ahead = signal(0);
/** Where all recordings end for good, as those of an export do; null: they go on. */
export const ends = signal<number | null>(null);
/** The present by the server's clock: the latest moment that can be shown. */
export const present = (): number => ends.peek() ?? Date.now() / 1000 + ahead.peek();
/** The same for what is drawn: it moves on as the page lives. */
export const now = signal(present());

/** The moment on the screen, UNIX seconds. */
export const at = signal(address.at?.unix ?? present());
/** The name of the frame on the screen, where one camera is shown and the player has told it. */
export const frame = signal<string | null>(address.at?.mediaTime ?? null);
/** No recording is played: the cameras are watched as they are. */
export const live = signal(address.at === null);
/** A link is a moment: it is shown, and waits. */
export const paused = signal(address.at !== null);
export const rate = signal(1);
/** The playhead is being dragged. */
export const scrubbing = signal(false);

export const view = signal<View>(around(at.peek(), address.span ?? SPAN, live.peek() ? 0.96 : 0.5));
/** Attributes of all players: what is drawn at the boxes, and which. */
export const looks = signal<Readonly<Looks>>({ "no-indicator": true });
/** Width of the timeline's rows in CSS pixels. */
export const width = signal(0);

export const cameras = signal<readonly Pick<CameraInfo, "id" | "name">[]>([]);
/** Null until somebody has chosen. */
export const picked = signal<readonly number[] | null>(address.cameras ?? readChosen());
export const coverage = signal<Coverage>(new Map());
/** Disk space and for how long it lasts; null until the server has answered. */
export const room = signal<Recordings["room"] | null>(null);
/** Null: the server keeps no visits. */
export const visits = signal<readonly Visit[] | null>(null);
/** Finds the visits after a moment, or before it, that are not among those. */
export const visitsBeyond = signal<(t: number, direction: 1 | -1) => Promise<readonly Visit[]>>(() => Promise.resolve([]));
/** `none`: this server does not record. */
export const answered = signal<"not yet" | "none" | "yes">("not yet");
/** Why the server cannot be asked, or cannot record. */
export const trouble = signal("");
/** What the status line says. */
export const said = signal("");

export const marks = signal<{ in: number | null; out: number | null }>({ in: null, out: null });
/** What is open beside the pictures, in place of the visits. */
export const drawer = signal<"export" | "exports" | "locks" | null>(null);
/** How far the exports are that are being made, 0 to 1; null: none is. */
export const exporting = signal<number | null>(null);
/** Where the pointer is on the timeline. */
export const hover = signal<{ t: number; x: number; camera: number | null } | null>(null);
export const looked = lookedBefore();
/** Visits that were jumped to. */
export const visited = signal<ReadonlySet<string>>(new Set());

/** Cameras that are recorded or were: in the order of the list. */
export const recorded = computed(() =>
  cameras.value.filter(({ id }) => {
    const footage = coverage.value.get(id);
    return footage !== undefined && (footage.state !== "off" || footage.oldest !== null);
  }),
);
/** Cameras that are shown. */
export const chosen = computed((): readonly number[] => {
  const there = recorded.value.map(({ id }) => id);
  const kept = (picked.value ?? []).filter((id) => there.includes(id));
  return kept.length > 0 ? kept : there.slice(0, innerWidth < 620 ? 1 : 4);
});
/** The marked span, once both ends are there. */
export const marked = computed(() => {
  const { in: from, out: to } = marks.value;
  return from === null || to === null ? null : { from: Math.min(from, to), to: Math.max(from, to) };
});

export const nameOf = (id: number): string => cameras.peek().find((camera) => camera.id === id)?.name ?? `Camera ${id}`;
/** The footage of the cameras shown. */
export const footages = (): Footage[] => chosen.peek().flatMap((id) => coverage.peek().get(id) ?? []);
export const isCovered = (id: number, t: number): boolean => whatIsAt(coverage.peek().get(id), t).kind === "footage";

function lookedBefore(): number | null {
  try {
    return readLooked(localStorage);
  } catch {
    // A page that may keep nothing, as some that are opened as files.
    return null;
  }
}

function readChosen(): number[] | null {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(CHOSEN) ?? "null");
    return Array.isArray(kept) ? kept.filter((id): id is number => Number.isInteger(id)).slice(0, MOST_CAMERAS) : null;
  } catch {
    return null;
  }
}

/** Shows these cameras, now and the next time. */
export function choose(ids: readonly number[]): void {
  picked.value = ids.slice(0, MOST_CAMERAS);
  try {
    localStorage.setItem(CHOSEN, JSON.stringify(picked.value));
  } catch {
    // A full or forbidden store: the choice lasts as long as the page.
  }
}
