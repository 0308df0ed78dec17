// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** What stands beside the tracks in every message. */
export type TrackStats = {
  /** Detections per second over the last 5 s. */
  fps: number;
  /** Entries of `tracks`. */
  active_tracks: number;
  /** Frames detected since start. */
  frame_count: number;
  /** From the frame's last packet in to this message out, in milliseconds; 0 without a frame. */
  latency_ms: number;
  /** Messages that this client was too slow for. */
  skipped: number;
};
