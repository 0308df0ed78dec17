// The last minutes.
import { expect, test } from "vitest";
import type { CameraStatus } from "../wire";
import { History } from "./history";

const status = (lost: number): CameraStatus => ({
  state: "online", since: 0, codec: "H264", profile: "High", size: [1280, 720], gop_frames: 60, b_frames: false, decoder: "openh264",
  fps: { received: 30, decoded: 29, detected: 6, wanted: 6, skipped: 0, unchanged: 0 }, detect_fps_wanted: 6, detect_fps_got: 6, short: false, latency_ms: { p50: 40, p95: 55 }, reconnects: 0,
  lost_packets: lost, bitrate_kbps: 2000, viewers: 1, last_error: null, advice: [],
});

test("losses are counted from moment to moment, and a count that began anew is no loss", () => {
  const history = new History();
  const seen: [number, number | null][] = [[5, null], [7, 2], [7, 5], [1, 0]];
  for (const [at, [camera, viewer]] of seen.entries()) history.add(at, status(camera), { tracks: at, packetsLost: viewer });
  expect(history.column("cameraLoss")).toEqual([null, 2, 0, 0]);
  expect(history.column("viewerLoss")).toEqual([null, null, 3, 0]);
  expect(history.column("tracks")).toEqual([0, 1, 2, 3]);
});

test("a time of which nothing is known is a gap, and its losses are of no one moment", () => {
  const history = new History();
  history.add(0, status(0), { tracks: 1, packetsLost: 0 });
  history.add(5, status(1), { tracks: 1, packetsLost: 1 });
  history.add(60, status(90), { tracks: 2, packetsLost: 80 });
  history.add(61, status(91), { tracks: 2, packetsLost: 80 });
  expect(history.column("at")).toEqual([0, 5, 6, 60, 61]);
  expect(history.column("received")).toEqual([30, 30, null, 30, 30]);
  expect(history.column("cameraLoss")).toEqual([null, 1, null, null, 1]);
  expect(history.column("viewerLoss")).toEqual([null, 1, null, null, 0]);
});

test("only the last moments are kept", () => {
  const history = new History(3);
  for (let at = 0; at < 10; at++) history.add(at, status(0), { tracks: null, packetsLost: null });
  expect(history.column("at")).toEqual([7, 8, 9]);
});

test.each([
  { what: "online", more: {}, p50: 40 },
  { what: "offline", more: { state: "offline" as const }, p50: null },
  { what: "nothing detected", more: { fps: { ...status(0).fps, detected: 0 } }, p50: null },
])("latency of a camera, $what: $p50", ({ more, p50 }) => {
  const history = new History();
  history.add(0, { ...status(0), ...more }, { tracks: null, packetsLost: null });
  expect(history.column("latencyP50")).toEqual([p50]);
});
