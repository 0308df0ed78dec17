// Tracks and track messages for tests.
import type { TrackEntry, TrackMessage } from "../../wire";

/** A person at (100, 200) to (300, 600) of 1280 x 720 who goes to the right at 100 pixels a second. */
export function track(changes: Partial<TrackEntry> = {}): TrackEntry {
  return {
    track_id: 12,
    bbox: [100, 200, 300, 600],
    confidence: 0.93,
    center: [200, 400],
    source: "bytetrack",
    class: "person",
    state: "matched",
    age_ms: 0,
    velocity: [100, 0, 100, 0],
    ...changes,
  };
}

/** The message of the frame `rtp`. */
export function message(rtp: number | null, tracks: TrackEntry[] = [track()], changes: Partial<TrackMessage> = {}): TrackMessage {
  return {
    camera_id: 7,
    timestamp: 1_699_545_321,
    tracks,
    stats: { fps: 5, active_tracks: tracks.length, frame_count: 1, latency_ms: 40, skipped: 0 },
    rtp_timestamp: rtp,
    frame_size: [1280, 720],
    media_time: null,
    ...changes,
  };
}
