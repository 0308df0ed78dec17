// Scripts beside the page that hold footage and tracks: a page that was opened as a file can load nothing else. They are
// loaded when they are needed, and let go of when too much is in memory.
import type { TrackMessage } from "../../wire";
import { SourceError } from "../recorded/server";
import { chunkOf, type Chunk } from "./chunk";
import type { ExportCalls } from "./manifest";

/** So much is kept, of all cameras together. */
const KEPT_BYTES = 256 * 1024 * 1024;
/** What track frames take in memory, about: each of them, and each track in it. */
const FRAME_BYTES = 500;
const TRACK_BYTES = 600;

interface Kept {
  content: Promise<unknown>;
  bytes: number;
}

/** Puts a script onto the page; resolves when it has run. */
export type LoadScript = (file: string) => Promise<void>;

/** What is in the scripts. */
export class Scripts {
  readonly #load: LoadScript;
  readonly #limit: number;
  /** What was used last is last. */
  readonly #kept = new Map<string, Kept>();
  /** What a script that has just run has called with. */
  readonly #called = new Map<string, unknown>();
  #bytes = 0;

  constructor(load: LoadScript = loadScript, limitBytes = KEPT_BYTES) {
    this.#load = load;
    this.#limit = limitBytes;
  }

  /** Bytes that are kept, about. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The functions that the scripts call. */
  get calls(): Omit<ExportCalls, "razzExport"> {
    return {
      razzFootage: (camera, index, base64) => { this.#called.set(`footage ${camera} ${index}`, base64); },
      razzTracks: (camera, index, frames) => { this.#called.set(`tracks ${camera} ${index}`, frames); },
    };
  }

  /** The footage of a camera's chunk. Fails with a `SourceError` where its file is missing or holds something else. */
  footage(camera: number, index: number, file: string): Promise<Chunk> {
    return this.#get(`footage ${camera} ${index}`, file, (base64) => chunkOf(bytesOf(String(base64))), ({ bytes }) => bytes.length);
  }

  /** The track frames of a camera's script; fails alike. */
  tracks(camera: number, index: number, file: string): Promise<TrackMessage[]> {
    const sizeOf = (frames: TrackMessage[]): number => frames.reduce((sum, { tracks }) => sum + FRAME_BYTES + TRACK_BYTES * tracks.length, 0);
    return this.#get(`tracks ${camera} ${index}`, file, (frames) => frames as TrackMessage[], sizeOf);
  }

  #get<Content>(key: string, file: string, read: (called: unknown) => Content, sizeOf: (content: Content) => number): Promise<Content> {
    const kept = this.#kept.get(key) ?? { content: this.#fetch(key, file, read, sizeOf), bytes: 0 };
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    return kept.content as Promise<Content>;
  }

  async #fetch<Content>(key: string, file: string, read: (called: unknown) => Content, sizeOf: (content: Content) => number): Promise<Content> {
    try {
      await this.#load(file);
      const called = this.#called.get(key);
      this.#called.delete(key);
      if (called === undefined) throw new Error("it holds something else");
      const content = read(called);
      const kept = this.#kept.get(key);
      if (kept) this.#bytes += kept.bytes = sizeOf(content);
      this.#trim(key);
      return content;
    } catch {
      // It may be there when it is asked for again: a disk that was pulled out is put in again.
      this.#kept.delete(key);
      throw new SourceError({ kind: "file", name: file });
    }
  }

  #trim(newest: string): void {
    for (const [key, { bytes }] of this.#kept) {
      if (this.#bytes <= this.#limit) return;
      if (key === newest || bytes === 0) continue;
      this.#kept.delete(key);
      this.#bytes -= bytes;
    }
  }
}

/** `Uint8Array.fromBase64` where there is one: it is ten times as fast. */
function bytesOf(base64: string): Uint8Array {
  const { fromBase64 } = Uint8Array as unknown as { fromBase64?: (text: string) => Uint8Array };
  if (fromBase64) return fromBase64.call(Uint8Array, base64);
  const letters = atob(base64);
  const bytes = new Uint8Array(letters.length);
  for (let at = 0; at < letters.length; at++) bytes[at] = letters.charCodeAt(at);
  return bytes;
}

/** The script's element goes at once: what it holds would stay in memory with it. */
function loadScript(file: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const script = Object.assign(document.createElement("script"), { src: file });
    script.onload = () => {
      script.remove();
      resolve();
    };
    script.onerror = () => {
      script.remove();
      reject(new Error(file));
    };
    document.head.append(script);
  });
}
