// Who is in the picture, and since when: what the list of tracks shows.
import type { DrawnFrame, DrawnTrack, PlayerState } from "../media";
import { activeTracks } from "./figures";

/** A track that is gone stays in the list for this long. */
const GONE_MS = 4_000;
/** More are not shown. */
const MOST = 60;

/** One line of the list. */
export interface Row {
  track: DrawnTrack;
  firstMs: number;
  lastMs: number;
  gone: boolean;
}

/** Follows the frames of a player; times are in milliseconds on any monotonic clock. */
export class TrackList {
  readonly #rows = new Map<number, Row>();

  /** A frame was drawn. */
  add({ tracks }: DrawnFrame, nowMs: number): void {
    for (const track of tracks) {
      const firstMs = this.#rows.get(track.track_id)?.firstMs ?? nowMs;
      this.#rows.set(track.track_id, { track, firstMs, lastMs: nowMs, gone: false });
    }
  }

  /** The list at `nowMs`: those in the picture first, the longest seen at the top, then those that just left. */
  at(nowMs: number): Row[] {
    for (const [id, row] of this.#rows) {
      // A frame or two without it, and it is gone.
      row.gone = nowMs - row.lastMs > 400;
      if (nowMs - row.lastMs > GONE_MS) this.#rows.delete(id);
    }
    const rows = [...this.#rows.values()];
    return rows.sort((a, b) => Number(a.gone) - Number(b.gone) || a.firstMs - b.firstMs || a.track.track_id - b.track.track_id).slice(0, MOST);
  }
}

/** "7 s", "2 min 05 s". */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
}

/** Why the list is empty. */
export function emptyWords(state: PlayerState | null, detectionOff: boolean): string {
  const active = activeTracks(state);
  if (state === null || state.noPicture.length > 0) return "There is no picture.";
  if (detectionOff) return "Detection is off for this camera.";
  if (state.noBoxes[0] !== undefined) return state.noBoxes[0];
  if (active === null) return "No word of tracks has come yet.";
  return active > 0 ? "Hidden by the filter." : "Nobody is in the picture.";
}
