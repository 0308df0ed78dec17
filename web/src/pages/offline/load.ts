// What the files beside the page say, into what the page shows: as `loader.ts` does of a server.
import { signal } from "@preact/signals";
import { ExportSource } from "../../media/exported/exportsource";
import type { ExportManifest } from "../../media/exported/manifest";
import { Scripts } from "../../media/exported/scripts";
import { playFrom } from "../../media/recorded/source";
import type { CameraRecordings, RecordedVisit, TrackDensity } from "../../wire";
import { merged } from "../playback/coverage";
import { MOST_CAMERAS } from "../playback/moment";
import { address, answered, at, cameras, coverage, ends, live, paused, picked, view, visits } from "../playback/state";
import { spanOf, SPAN_MIN } from "../playback/timescale";
import { densityOf, VisitsOf } from "./visitsof";

/** Null until it is read. */
export const manifest = signal<ExportManifest | null>(null);
/** Why it cannot be read, one line each. */
export const broken = signal<readonly string[]>([]);
/** How much of the tracks has been looked through, 0 to 1. */
export const looked = signal(0);

const NO_DENSITY: TrackDensity = { from: 0, step: 1, classes: {} };
/** So much is seen of what lies around the export, as a share of it. */
const BESIDE = 0.03;

export const sources = new Map<number, ExportSource>();

/** Reads `export.js`; once for a page. */
export function load(): void {
  const scripts = new Scripts();
  Object.assign(globalThis, scripts.calls, { razzExport: (told: ExportManifest) => { begin(told, scripts); } });
  const script = Object.assign(document.createElement("script"), { src: "export.js" });
  script.onerror = () => { broken.value = ["export.js is missing beside this page.", "Unpack the whole ZIP, and open index.html in the folder that comes of it."]; };
  script.onload = () => { if (manifest.peek() === null && broken.peek().length === 0) broken.value = ["export.js is damaged.", "Unpack the ZIP anew."]; };
  document.head.append(script);
}

function begin(told: ExportManifest, scripts: Scripts): void {
  if ((told.version as number) !== 1) {
    broken.value = ["This export is of another version of razz than its page."];
    return;
  }
  for (const camera of told.cameras) sources.set(camera.id, new ExportSource(camera, scripts));
  playFrom(({ camera }) => sources.get(camera) ?? [...sources.values()][0] ?? new ExportSource({ ...NOBODY, id: camera }, scripts));
  document.title = `${told.name} · razz`;
  const [from, to] = [Math.min(...told.cameras.map((one) => one.from.unix)), Math.max(...told.cameras.map((one) => one.to.unix))];
  cameras.value = told.cameras.map(({ id, name }) => ({ id, name }));
  picked.value = address.cameras ?? told.cameras.slice(0, MOST_CAMERAS).map(({ id }) => id);
  ends.value = to;
  tell(told, new Map());
  // How exact boxes are is for who sets razz up.
  live.value = false;
  paused.value = true;
  at.value = address.at && address.at.unix >= from && address.at.unix < to ? address.at.unix : from;
  const beside = Math.max(spanOf({ from, to }) * BESIDE, SPAN_MIN / 4);
  view.value = { from: from - beside, to: to + beside };
  manifest.value = told;
  answered.value = "yes";
  if (told.cameras.some(({ tracks }) => tracks.length > 0)) void lookThrough(told);
}

const NOBODY: ExportManifest["cameras"][number] = { id: 0, name: "", from: { unix: 0, media_time: "0" }, to: { unix: 0, media_time: "0" }, spans: [], gaps: [], chunks: [], tracks: [] };

/** Footage, gaps and columns of all cameras. */
function tell(told: ExportManifest, seen: ReadonlyMap<number, readonly RecordedVisit[]>): void {
  const of = told.cameras.map((one): CameraRecordings => ({
    camera_id: one.id, state: "off", reason: null, error: null, oldest: one.from, newest: one.to, bytes: 0, spans: one.spans, gaps: one.gaps, locks: [],
    density: seen.has(one.id) ? densityOf(seen.get(one.id) ?? [], one.from.unix, one.to.unix) : NO_DENSITY,
  }));
  coverage.value = merged(new Map(), { now: 0, error: null, key: null, room: { used: 0, free: 0, days: null }, cameras: of }, 0, Infinity);
}

/** Looks through all tracks for who was there, one script after the other: the page is there meanwhile. */
async function lookThrough(told: ExportManifest): Promise<void> {
  visits.value = [];
  const seen = new Map(told.cameras.map(({ id }) => [id, new VisitsOf(id)] as const));
  const all = told.cameras.flatMap(({ id, tracks }) => tracks.map((_file, index) => ({ id, index })));
  for (const [done, { id, index }] of all.entries()) {
    // A script that is missing is told by the player, where its tracks should be.
    const frames = await sources.get(id)?.trackFiles.load(index).catch(() => []);
    seen.get(id)?.add(frames ?? []);
    looked.value = (done + 1) / all.length;
    const found = new Map([...seen].map(([camera, { all: some }]) => [camera, some] as const));
    visits.value = [...found.values()].flat();
    tell(told, found);
  }
}
