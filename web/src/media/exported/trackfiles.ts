// The tracks of one camera of an export: in scripts of an hour at most, whose own times are known once they are loaded.
import type { TrackMessage } from "../../wire";
import { HZ } from "../recorded/moment";
import type { ExportedCamera } from "./manifest";
import type { Scripts } from "./scripts";

const HOUR_90K = 3_600 * HZ;

const timeOf = ({ media_time }: TrackMessage): number => Number(media_time ?? 0);

/** Finds track frames by their time. */
export class TrackFiles {
  readonly #camera: ExportedCamera;
  readonly #scripts: Scripts;
  /** When each script begins, as far as that is known; one without frames never does. */
  readonly #begins = new Map<number, number>();

  constructor(camera: ExportedCamera, scripts: Scripts) {
    this.#camera = camera;
    this.#scripts = scripts;
  }

  /** How many scripts there are. */
  get count(): number {
    return this.#camera.tracks.length;
  }

  /** The frames of one script. */
  async load(index: number): Promise<TrackMessage[]> {
    const frames = await this.#scripts.tracks(this.#camera.id, index, this.#camera.tracks[index] ?? "");
    const [first] = frames;
    this.#begins.set(index, first ? timeOf(first) : Infinity);
    return frames;
  }

  /** The frames between two media times, and the one before and after them. */
  async between(from: number, to: number): Promise<TrackMessage[]> {
    let before: TrackMessage | null = null;
    const found: TrackMessage[] = [];
    for (let index = await this.#lastBy(from); index < this.count; index++) {
      for (const frame of await this.load(index)) {
        const time = timeOf(frame);
        if (time < from) before = frame;
        else found.push(frame);
        if (time > to) return before ? [before, ...found] : found;
      }
    }
    return before ? [before, ...found] : found;
  }

  /** The last script that begins before `time`; the first one where none does. */
  async #lastBy(time: number): Promise<number> {
    const guess = Math.floor((time - Number(this.#camera.from.media_time)) / HOUR_90K);
    let at = Math.max(0, Math.min(this.count - 1, guess));
    while (at > 0 && (await this.#begin(at)) >= time) at--;
    for (let next = at + 1; next < this.count; next++) {
      const begin = await this.#begin(next);
      if (begin < time) at = next;
      else if (begin !== Infinity) break;
    }
    return at;
  }

  async #begin(index: number): Promise<number> {
    if (!this.#begins.has(index)) await this.load(index);
    return this.#begins.get(index) ?? Infinity;
  }
}
