import { expect, test } from "vitest";
import type { TrackEntry, TrackMessage } from "../../wire";
import { densityOf, VisitsOf } from "./visitsof";

const entry = (track_id: number, name: string, confidence: number): TrackEntry => ({
  track_id, class: name, confidence, bbox: [track_id, 0, 10, 10], center: [5, 5], source: "bytetrack", state: "matched", age_ms: 0, velocity: [0, 0, 0, 0],
});
const frame = (second: number, ...tracks: TrackEntry[]): TrackMessage =>
  ({ camera_id: 7, timestamp: 1_000 + second, media_time: String(second * 90_000), frame_size: [1280, 720], tracks }) as unknown as TrackMessage;

test("a visit is the life of a track: its class is that of most frames, its picture the best", () => {
  const visits = new VisitsOf(7);
  visits.add([frame(0, entry(1, "dog", 0.4)), frame(1, entry(1, "person", 0.9), entry(2, "car", 0.5))]);
  visits.add([frame(2, entry(1, "person", 0.6))]);
  expect(visits.all.map(({ id, class: name, from, to, best, confidence }) => [id, name, from.unix, to.unix, best.unix, confidence])).toEqual([
    ["7-0-1", "person", 1_000, 1_002, 1_001, 0.9],
    ["7-90000-2", "car", 1_001, 1_001, 1_001, 0.5],
  ]);
});

test("what was handed out does not change when more comes", () => {
  const visits = new VisitsOf(7);
  visits.add([frame(0, entry(1, "person", 0.4))]);
  const before = visits.all;
  visits.add([frame(9, entry(1, "person", 0.4))]);
  expect([before[0]?.to.unix, visits.all[0]?.to.unix]).toEqual([1_000, 1_009]);
});

test.each<[string, number, number[]]>([
  ["a second at least", 1_004, [1, 2, 1, 0]],
  ["at the very end too", 1_003, [1, 2, 1]],
])("counts how many there were when: %s", (_, to, counts) => {
  const visits = new VisitsOf(7);
  visits.add([frame(0, entry(1, "person", 0.4)), frame(1, entry(1, "person", 0.4), entry(2, "person", 0.4)), frame(2, entry(2, "person", 0.4))]);
  expect(densityOf(visits.all, 1_000, to)).toEqual({ from: 1_000, step: 1, classes: { person: counts } });
});
