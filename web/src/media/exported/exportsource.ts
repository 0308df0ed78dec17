// One camera of an export, for the player of recordings: answers from the scripts beside the page as a server would.
import type { TrackMessage } from "../../wire";
import { HZ, type Moment } from "../recorded/moment";
import { SourceError, type Answer, type RecordingSource, type Span } from "../recorded/server";
import type { Chunk, Piece } from "./chunk";
import type { ExportedCamera } from "./manifest";
import type { Scripts } from "./scripts";
import { TrackFiles } from "./trackfiles";

/** A fragment by its chunk and its place in that. */
interface Place {
  chunk: number;
  piece: number;
}

/** The recordings of one exported camera. */
export class ExportSource implements RecordingSource {
  readonly camera: ExportedCamera;
  readonly trackFiles: TrackFiles;
  readonly #scripts: Scripts;

  constructor(camera: ExportedCamera, scripts: Scripts) {
    this.camera = camera;
    this.#scripts = scripts;
    this.trackFiles = new TrackFiles(camera, scripts);
  }

  /** A chunk of footage by its number. */
  chunk(index: number): Promise<Chunk> {
    return this.#scripts.footage(this.camera.id, index, this.camera.chunks[index]?.file ?? "");
  }

  fragments(from: Moment, to: Moment, keysOnly: boolean, signal: AbortSignal): Promise<Answer<ReadableStream<Uint8Array>>> {
    return answered(async () => {
      const parts = this.#parts(from, to, keysOnly, signal);
      // What cannot be had is told now: later it could only break off.
      let next = await parts.next();
      if (next.done) return null;
      return new ReadableStream<Uint8Array>({
        async pull(controller) {
          if (next.done) controller.close();
          else controller.enqueue(next.value);
          if (!next.done) next = await parts.next();
        },
      }, { highWaterMark: 0 });
    });
  }

  tracks(from: Moment, to: Moment): Promise<Answer<TrackMessage[]>> {
    return answered(() => this.trackFiles.between(this.#timeOf(from), this.#timeOf(to)));
  }

  spans(from: Moment, to: Moment): Promise<Answer<Span[]>> {
    const [begin, end] = [this.#timeOf(from), this.#timeOf(to)];
    const spans = this.camera.spans.map((span): Span => ({ from: Number(span.from.media_time), until: Number(span.to.media_time) }));
    return Promise.resolve({ kind: "answer", answer: spans.filter((span) => span.until > begin && span.from < end) });
  }

  /** The bytes of the fragments between the two, each behind its header where that is another. */
  async *#parts(from: Moment, to: Moment, keysOnly: boolean, signal: AbortSignal): AsyncGenerator<Uint8Array, undefined> {
    let header: Uint8Array | null = null;
    const begin = await this.#find(from);
    for (let index = begin.chunk; index < this.camera.chunks.length; index++) {
      const { bytes, pieces } = await this.chunk(index);
      for (const piece of pieces.slice(index === begin.chunk ? begin.piece : 0)) {
        if (keysOnly && !piece.key) continue;
        if (signal.aborted) return;
        if ("time" in to ? piece.time >= to.time : piece.unix >= to.unix) return;
        if (piece.header !== header) yield (header = piece.header);
        yield bytes.subarray(piece.at, piece.end);
      }
    }
  }

  /** The key picture at or before `moment`; where nothing is recorded then, the next one. */
  async #find(moment: Moment): Promise<Place> {
    const time = this.#timeOf(moment);
    const { chunks } = this.camera;
    let index = Math.max(0, chunks.findLastIndex((chunk) => Number(chunk.from) <= time));
    for (; index >= 0 && chunks.length > 0; index--) {
      const { pieces } = await this.chunk(index);
      const key = pieces.findLastIndex((piece) => piece.key && ("time" in moment ? piece.time <= moment.time : piece.unix <= moment.unix));
      if (key < 0) continue;
      const next = pieces.findIndex((piece, at) => at > key && piece.key);
      const last = pieces[(next < 0 ? pieces.length : next) - 1];
      if (last && isOver(last, moment)) return next < 0 ? { chunk: index + 1, piece: 0 } : { chunk: index, piece: next };
      return { chunk: index, piece: key };
    }
    return { chunk: 0, piece: 0 };
  }

  /** Its media time, as near as the ends of the spans tell. */
  #timeOf(moment: Moment): number {
    if ("time" in moment) return moment.time;
    const { spans, from } = this.camera;
    const span = spans.findLast((one) => one.from.unix <= moment.unix) ?? spans[0];
    const [first, last] = span ? [span.from, span.to] : [from, from];
    const [begin, end] = [Number(first.media_time), Number(last.media_time)];
    const passed = moment.unix - first.unix;
    const isInside = passed >= 0 && moment.unix < last.unix;
    return Math.round(begin + (isInside ? (passed / (last.unix - first.unix)) * (end - begin) : passed * HZ));
  }
}

/** Whether the footage ends with this fragment before `moment`. */
function isOver({ time, until, unix }: Piece, moment: Moment): boolean {
  return "time" in moment ? until <= moment.time : unix + (until - time) / HZ <= moment.unix;
}

/** What came of it, as of a server; null: nothing is recorded there. */
async function answered<T>(work: () => Promise<T | null>): Promise<Answer<T>> {
  try {
    const answer = await work();
    return answer === null ? { kind: "nothing" } : { kind: "answer", answer };
  } catch (error) {
    return { kind: "failed", failure: error instanceof SourceError ? error.failure : { kind: "network" } };
  }
}
