// One camera of an export as an MP4 file, whose time begins at zero: as the server's `video.mp4` is.
import { decodeTimeOf, setDecodeTime } from "./chunk";
import type { ExportSource } from "./exportsource";

/** What was put together. */
export interface Saved {
  file: Blob;
  /** The camera was set otherwise meanwhile: one file holds what was before that. */
  isCut: boolean;
}

/** Makes the file; `onProgress` hears how much of it there is, 0 to 1. */
export async function saved(source: ExportSource, onProgress: (part: number) => void): Promise<Saved> {
  const count = source.camera.chunks.length;
  const parts: Blob[] = [];
  let header: Uint8Array | null = null;
  let begin = 0;
  for (let index = 0; index < count; index++) {
    const chunk = await source.chunk(index);
    const [first] = chunk.pieces;
    if (!first) continue;
    if (!header) {
      header = first.header;
      begin = decodeTimeOf(chunk, first);
      parts.push(blobOf(header));
    }
    for (const run of runsOf(chunk.pieces)) {
      if (!same(run[0].header, header)) return { file: new Blob(parts, { type: "video/mp4" }), isCut: true };
      const [from, end] = [run[0].at, run.at(-1)?.end ?? 0];
      const copy = chunk.bytes.slice(from, end);
      for (const piece of run) setDecodeTime(copy, piece.at - from, decodeTimeOf(chunk, piece) - begin);
      // As a Blob at once: browsers keep large ones on the disk.
      parts.push(blobOf(copy));
    }
    onProgress((index + 1) / count);
  }
  return { file: new Blob(parts, { type: "video/mp4" }), isCut: false };
}

type Run<T> = [T, ...T[]];

/** Pieces that stand one behind the other, without a header between them. */
function runsOf<T extends { at: number; end: number }>(pieces: readonly T[]): Run<T>[] {
  const runs: Run<T>[] = [];
  for (const piece of pieces) {
    const last = runs.at(-1);
    if (last?.at(-1)?.end === piece.at) last.push(piece);
    else runs.push([piece]);
  }
  return runs;
}

function blobOf(bytes: Uint8Array): Blob {
  return new Blob([bytes as Uint8Array<ArrayBuffer>]);
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
