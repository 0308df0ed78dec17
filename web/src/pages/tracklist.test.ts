// The list of tracks follows the frames.
import { expect, test } from "vitest";
import type { DrawnFrame, PlayerState } from "../media";
import { duration, emptyWords, TrackList } from "./tracklist";

const frame = (...ids: number[]): DrawnFrame => ({
  rtpTimestamp: 0, tracksRtpTimestamp: 0, mode: "exact", rendition: "camera",
  tracks: ids.map((track_id) => ({ track_id, bbox: [0, 0, 1, 1], source: "bytetrack", state: "matched", class: "car", confidence: 1 })),
});

test("tracks come, stay for a while when they are gone, and go", () => {
  const list = new TrackList();
  list.add(frame(7), 0);
  list.add(frame(7, 3), 1_000);
  expect(list.at(1_000).map(({ track, gone }) => [track.track_id, gone])).toEqual([[7, false], [3, false]]);
  list.add(frame(3), 2_000);
  expect(list.at(2_000).map(({ track, gone }) => [track.track_id, gone])).toEqual([[3, false], [7, true]]);
  expect(list.at(2_000)[0]).toMatchObject({ firstMs: 1_000, lastMs: 2_000 });
  expect(list.at(5_100).map(({ track }) => track.track_id)).toEqual([3]);
  expect(list.at(9_000)).toEqual([]);
});

test.each([[0, "0 s"], [59_400, "59 s"], [125_000, "2 min 05 s"]])("%d ms: %s", (ms, words) => {
  expect(duration(ms)).toBe(words);
});

const playing = (active: number | null, more: Partial<PlayerState> = {}): PlayerState => ({
  mode: "exact", video: "playing", videoWords: "playing", feed: "open", frameSource: "videoframe", doubtful: 0, gate: "live", frameMode: "exact", skewMs: 0, skewsMs: null,
  boxCostMs: null, detectionMs: null, holdMs: 0, holdLimitMs: 400, jitterBufferTargetMs: 0, playoutMs: null, fps: 30, counts: { exact: 0, near: 0, interpolated: 0, extrapolated: 0, none: 0, hidden: 0 },
  pictureSize: null, rendition: null, renditionWhy: null, renditionWords: "", stats: active === null ? null : { fps: 6, active_tracks: active, frame_count: 9, latency_ms: 40, skipped: 0 }, clockOffsetMs: null, pictureInPicture: false,
  noBoxes: [], noPicture: [], ...more,
});

test.each([
  { state: null, off: false, words: "There is no picture." },
  { state: playing(0, { noPicture: ["Camera offline."] }), off: false, words: "There is no picture." },
  { state: playing(0), off: true, words: "Detection is off for this camera." },
  { state: playing(0, { noBoxes: ["The model is loading."] }), off: false, words: "The model is loading." },
  { state: playing(null), off: false, words: "No word of tracks has come yet." },
  { state: playing(3), off: false, words: "Hidden by the filter." },
  { state: playing(0), off: false, words: "Nobody is in the picture." },
])("an empty list: $words", ({ state, off, words }) => {
  expect(emptyWords(state, off)).toBe(words);
});
