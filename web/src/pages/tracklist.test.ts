// The list of tracks follows the frames.
import { expect, test } from "vitest";
import type { DrawnFrame } from "../media";
import { duration, TrackList } from "./tracklist";

const frame = (...ids: number[]): DrawnFrame => ({
  rtpTimestamp: 0, tracksRtpTimestamp: 0, mode: "exact",
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
