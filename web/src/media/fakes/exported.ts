// An export for tests: scripts as razz writes them, of footage that is built by hand.
import { box, fragment, gop, header, PICTURE, START, type FakeSample } from "./footage";
import type { ExportedCamera } from "../exported/manifest";
import { Scripts } from "../exported/scripts";

/** Ticks of a GOP: ten pictures. */
export const GOP = 10 * PICTURE;

/** The wall time of a media time, as the fixtures have it. */
export const unixOf = (time: number): number => time / 90_000 - 1;

export const momentOf = (time: number): { unix: number; media_time: string } => ({ unix: unixOf(time), media_time: String(time) });

/** Footage of GOPs from one GOP's number up to another. */
export type Footage = readonly [number, number];

export const timeOf = (number: number): number => START + number * GOP;

export const base64Of = (bytes: readonly number[]): string => btoa(String.fromCharCode(...bytes));

/** The bytes of a chunk. */
export function chunkBytes([from, until]: Footage, head = header()): number[] {
  const bytes = [...head];
  for (let number = from; number < until; number++) bytes.push(...gop(timeOf(number), 10));
  return bytes;
}

/** A camera whose chunks hold these GOPs; where one does not begin at the end of the one before there is a hole. */
export function cameraOf(chunks: readonly Footage[], tracks = 0): ExportedCamera {
  const spans: ExportedCamera["spans"] = [];
  for (const [from, until] of chunks) {
    const last = spans.at(-1);
    if (last && Number(last.to.media_time) === timeOf(from)) last.to = momentOf(timeOf(until));
    else spans.push({ from: momentOf(timeOf(from)), to: momentOf(timeOf(until)), bytes: 1 });
  }
  return {
    id: 7, name: "Gate", from: momentOf(timeOf(chunks[0]?.[0] ?? 0)), to: momentOf(timeOf(chunks.at(-1)?.[1] ?? 0)), spans, gaps: [],
    chunks: chunks.map(([from, until], at) => ({ file: `data/7-${at}.js`, from: String(timeOf(from)), until: String(timeOf(until)), bytes: 1 })),
    tracks: Array.from({ length: tracks }, (_, at) => `data/7-tracks-${at}.js`),
  };
}

/** Scripts that run what `files` holds for them; `loaded` are the names of those that were, in their order. */
export function scriptsOf(files: Readonly<Record<string, (calls: Scripts["calls"]) => void>>, limit?: number): { scripts: Scripts; loaded: string[] } {
  const loaded: string[] = [];
  const scripts = new Scripts((file) => {
    const run = files[file];
    if (!run) return Promise.reject(new Error(file));
    loaded.push(file);
    run(scripts.calls);
    return Promise.resolve();
  }, limit);
  return { scripts, loaded };
}

/** The scripts of a camera's footage. */
export const footageFiles = (chunks: readonly Footage[]): Record<string, (calls: Scripts["calls"]) => void> =>
  Object.fromEntries(chunks.map((chunk, at) => [`data/7-${at}.js`, (calls) => { calls.razzFootage(7, at, base64Of(chunkBytes(chunk))); }]));

export { box, fragment, header, type FakeSample };
