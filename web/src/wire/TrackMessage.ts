// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { TrackEntry } from "./TrackEntry";
import type { TrackStats } from "./TrackStats";

/**
 * The tracks of one frame.
 *
 * `camera_id` to `stats` are what pages in the field rely on; the rest was added behind.
 */
export type TrackMessage = {
  /** The camera's number. */
  camera_id: number;
  /** Wall time of the frame, UNIX seconds. */
  timestamp: number;
  /** The objects. */
  tracks: Array<TrackEntry>;
  /** Beside the tracks in every message. */
  stats: TrackStats;
  /** The low 32 bits of media time, as on the video's RTP packets; null while there is no frame. */
  rtp_timestamp: number | null;
  /** Width and height that boxes refer to; null until they are known. */
  frame_size: [number, number] | null;
  /**
   * The whole media time in 90 kHz ticks, as text: with the camera the frame's name for ever.
   * It begins at the time since 1970. Null while there is no frame.
   */
  media_time: string | null;
  /**
   * Width and height of the camera's pixels, such as 12 and 11, where they are not square: the
   * picture is shown as much wider than `frame_size`. Boxes are in pixels of `frame_size` all the
   * same. Absent for square ones, which nearly all are.
   */
  pixel_aspect?: [number, number];
  /**
   * The objects were found in the camera's smaller stream (`detect_from = "sub"`): `tracks` are near
   * this frame, by so many milliseconds at most as far as is known, and not exact. Absent where they
   * are exact.
   */
  near_ms?: number;
};
