// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { PlaybackState } from "./PlaybackState";

/**
 * An answer on `/ws/playback`. The footage itself comes in binary messages: four bytes with the number, big-endian, and
 * a part of what `GET /api/recordings/{camera}/fragments` answers.
 */
export type PlaybackAnswer = {
  /** The request; null where it could not be understood. */
  id: number | null;
  /** What becomes of it. */
  state: PlaybackState;
  /** Media time of the first picture, where it begins. */
  from: string | null;
  /** Media time behind the last one. */
  until: string | null;
  /** Why it failed. */
  detail: string | null;
};
