// Boxes for frames that have their own track frame, lie between two, or after the last.
import { describe, expect, test } from "vitest";
import type { TrackEntry, TrackMessage } from "../wire";
import { TrackMap } from "./trackmap";

/** 100 ms in ticks. */
const STEP = 9000;
/** Close to the wrap, so that the second and later frames lie beyond it. */
const START = 2 ** 32 - 4000;

function track(id: number, left: number, velocity = 0): TrackEntry {
  return {
    track_id: id,
    bbox: [left, 10, left + 20, 50],
    confidence: 0.9,
    center: [left + 10, 30],
    source: "bytetrack",
    class: "person",
    state: "matched",
    age_ms: 0,
    velocity: [velocity, 0, velocity, 0],
  };
}

function sized(size: [number, number], rtp: number, ...tracks: TrackEntry[]): TrackMessage {
  return { ...message(rtp, ...tracks), frame_size: size };
}

function message(rtp: number | null, ...tracks: TrackEntry[]): TrackMessage {
  const stats = { fps: 5, active_tracks: tracks.length, frame_count: 1, latency_ms: 20, skipped: 0 };
  return { camera_id: 1, timestamp: 1000, tracks, stats, rtp_timestamp: rtp, frame_size: [1280, 720], media_time: rtp === null ? null : `${rtp}` };
}

function at(step: number): number {
  return (START + Math.round(step * STEP)) >>> 0;
}

/** Frames 0 and 1 with tracks 1 (moves 100 right) and 2 (ends); frame 1 has 3 as well. */
function twoFrames(): TrackMap {
  const map = new TrackMap();
  map.add(message(at(0), track(1, 100, 1000), track(2, 500, -100)), 0);
  map.add(message(at(1), track(1, 200, 1000), track(3, 900)), 0);
  return map;
}

describe("lookup", () => {
  test.each([
    { name: "before all", step: -1, mode: "none", from: null, lefts: {} },
    { name: "own, before the wrap", step: 0, mode: "exact", from: 0, lefts: { 1: 100, 2: 500 } },
    { name: "own, after the wrap", step: 1, mode: "exact", from: 1, lefts: { 1: 200, 3: 900 } },
    { name: "a quarter between", step: 0.25, mode: "interpolated", from: 0, lefts: { 1: 125, 2: 497.5 } },
    { name: "three quarters between", step: 0.75, mode: "interpolated", from: 1, lefts: { 1: 175, 2: 492.5 } },
    { name: "shortly after", step: 2, mode: "extrapolated", from: 1, lefts: { 1: 300, 3: 900 } },
    { name: "a second after", step: 11, mode: "extrapolated", from: 1, lefts: { 1: 1200, 3: 900 } },
    { name: "too long after", step: 11.1, mode: "none", from: null, lefts: {} },
  ])("$name: $mode", ({ step, mode, from, lefts }) => {
    const found = twoFrames().lookup(at(step));
    expect(found.mode).toBe(mode);
    expect(found.from?.rtp ?? null).toBe(from === null ? null : at(from));
    const got = Object.fromEntries(found.tracks.map((entry) => [entry.track_id, entry.bbox[0]]));
    expect(Object.keys(got)).toEqual(Object.keys(lefts));
    for (const [id, left] of Object.entries(lefts)) expect(got[id]).toBeCloseTo(left, 6);
    for (const entry of found.tracks) {
      expect(entry.state).toBe(mode === "exact" ? "matched" : "predicted");
      expect(entry.center[0]).toBeCloseTo((entry.bbox[0] + entry.bbox[2]) / 2, 6);
    }
  });

  test("neighbours far apart are not joined", () => {
    const map = new TrackMap();
    map.add(message(at(0), track(1, 100, 10)), 0);
    map.add(message(at(20), track(1, 900, 10)), 0);
    const found = map.lookup(at(5));
    expect(found.mode).toBe("extrapolated");
    expect(found.tracks[0]?.bbox[0]).toBeCloseTo(105, 6);
  });

  test("neighbours of different sizes are not joined: their boxes are in different pixels", () => {
    const map = new TrackMap();
    map.add(sized([1280, 720], at(0), track(1, 800)), 0);
    map.add(sized([640, 360], at(1), track(1, 400)), 0);
    const found = map.lookup(at(0.5));
    expect(found.mode).toBe("extrapolated");
    expect(found.from?.size).toEqual([1280, 720]);
    expect(found.tracks[0]?.bbox[0]).toBe(800);
  });

  test("an estimated time is never exact", () => {
    expect(twoFrames().lookupAbout(at(1)).mode).toBe("interpolated");
  });

  test("what was found in the smaller stream is near, never exact", () => {
    const map = new TrackMap();
    map.add({ ...message(at(0), track(1, 100)), near_ms: 42 }, 0);
    expect(map.lookup(at(0))).toMatchObject({ mode: "near", from: { nearMs: 42 } });
    expect(map.lookupAbout(at(0)).mode).toBe("interpolated");
    expect(map.lookup(at(1)).mode).toBe("extrapolated");
  });

  test("a frame in which nothing was found is exact, and empty", () => {
    const map = new TrackMap();
    map.add(message(at(0)), 0);
    expect(map.lookup(at(0))).toMatchObject({ mode: "exact", tracks: [] });
  });
});

describe("what is held", () => {
  test("never more than the limit, and the newest", () => {
    const map = new TrackMap(5);
    for (let step = 0; step < 50; step++) map.add(message(at(step)), 0);
    expect(map.size).toBe(5);
    expect(map.exact(at(49))).not.toBeNull();
    expect(map.exact(at(44))).toBeNull();
  });

  test("the same frame twice counts once, the later message wins", () => {
    const map = twoFrames();
    map.add(message(at(1), track(9, 1)), 5);
    expect(map.size).toBe(2);
    expect(map.exact(at(1))?.tracks[0]?.track_id).toBe(9);
  });

  test.each([
    { name: "far ahead", by: 90_000 * 61 },
    { name: "far behind", by: -90_000 * 61 },
  ])("another timeline ($name) begins anew", ({ by }) => {
    const map = twoFrames();
    map.add(message((at(1) + by) >>> 0), 0);
    expect(map.size).toBe(1);
  });

  test("a message without a frame is not held", () => {
    const map = twoFrames();
    expect(map.add(message(null), 0)).toBeNull();
    expect(map.size).toBe(2);
  });
});

test("trails follow the feet, up to the frame and no further", () => {
  const map = new TrackMap();
  for (let step = 0; step < 10; step++) map.add(message(at(step), track(1, step * 10)), 0);
  expect(map.trails(at(5), 200).get(1)).toEqual([
    [40, 50],
    [50, 50],
    [60, 50],
  ]);
  expect(map.trails(at(50), 200).size).toBe(0);
});

test("a trail begins anew after a gap, and where its object was found again elsewhere", () => {
  const map = new TrackMap();
  const feet: (number | null)[] = [0, 10, null, 20, 30, 900, 910];
  for (const [step, x] of feet.entries()) map.add(message(at(step), ...(x === null ? [] : [track(1, x)])), 0);
  expect(map.trails(at(1), 1000).get(1)).toHaveLength(2);
  expect(map.trails(at(4), 1000).get(1)).toHaveLength(2);
  expect(map.trails(at(6), 1000).get(1)).toHaveLength(2);
});

test("trails begin anew where the camera changed its size", () => {
  const map = new TrackMap();
  for (let step = 0; step < 6; step++) map.add(sized(step < 3 ? [1280, 720] : [640, 360], at(step), track(1, step * 10)), 0);
  expect(map.trails(at(2), 1000).get(1)).toHaveLength(3);
  expect(map.trails(at(4), 1000).get(1)).toEqual([
    [40, 50],
    [50, 50],
  ]);
});
