// Sentences for people.
import { describe, expect, test } from "vitest";
import type { CameraStatus, Stats } from "../wire";
import { session } from "./fakes/session";
import { noBoxesWords, noPictureWords, renditionWords, unplayableWords, whepFailureWords, whepStateWords, type WhepFailure, type WhepState } from "./words";

function problem(status: number, detail: string | null, title = "") {
  return { type: "about:blank", title, status, detail };
}

test.each<{ failure: WhepFailure; words: string }>([
  { failure: { kind: "network" }, words: "the server does not answer" },
  { failure: { kind: "http", status: 404, problem: null }, words: "there is no such camera on this server" },
  { failure: { kind: "http", status: 401, problem: null }, words: "sign in to watch this camera" },
  { failure: { kind: "http", status: 403, problem: problem(403, "x") }, words: "you may not watch this camera" },
  {
    failure: { kind: "http", status: 503, problem: problem(503, "The camera has all its 200 viewers.") },
    words: "the camera has all its 200 viewers",
  },
  { failure: { kind: "http", status: 406, problem: problem(406, null, "UDP is off") }, words: "UDP is off" },
  { failure: { kind: "http", status: 500, problem: null }, words: "the server answered 500" },
  { failure: { kind: "answer", detail: "no SDP" }, words: "the server's answer was not understood (no SDP)" },
  {
    failure: { kind: "path" },
    words: "no way through for the video: neither its UDP nor its TCP port can be reached from here (`webrtc_udp` and `advertise` in razz.toml)",
  },
  { failure: { kind: "lost" }, words: "the connection was lost" },
])("$words", ({ failure, words }) => {
  expect(whepFailureWords(failure)).toBe(words);
});

test.each<{ state: WhepState; words: string }>([
  { state: { kind: "idle" }, words: "stopped" },
  { state: { kind: "connecting" }, words: "connecting" },
  { state: { kind: "playing" }, words: "playing" },
  { state: { kind: "retrying", atMs: 4_200, why: "it rains" }, words: "retrying in 4 s: it rains" },
  { state: { kind: "retrying", atMs: 900, why: "it rains" }, words: "retrying now: it rains" },
])("$words", ({ state, words }) => {
  expect(whepStateWords(state, 1_000)).toBe(words);
});

describe("no picture", () => {
  const playing: WhepState = { kind: "playing" };
  const retrying: WhepState = { kind: "retrying", atMs: 3_000, why: "the connection was lost" };
  const time = (seconds: number): string => `T${seconds}`;
  const status = (state: CameraStatus["state"], more: Partial<CameraStatus> = {}) => {
    const fps = { received: 0, decoded: 0, detected: 0, wanted: 6, skipped: 0, unchanged: 0 };
    const base: CameraStatus = {
      state, since: 17, codec: null, profile: null, size: null, gop_frames: null, b_frames: null, decoder: null, fps, detect_fps_wanted: 6, detect_fps_got: 0, short: false, latency_ms: null,
      reconnects: 0, lost_packets: 0, bitrate_kbps: 0, viewers: 0, last_error: null, advice: [],
    };
    return { kind: "status" as const, status: { ...base, ...more } };
  };

  test.each([
    { answer: { kind: "unknown" as const }, video: { kind: "connecting" as const }, lines: ["Connecting."] },
    { answer: { kind: "unknown" as const }, video: playing, lines: ["Waiting for the picture…"] },
    { answer: status("connecting"), video: playing, lines: ["Connecting to the camera…"] },
    {
      answer: status("offline", { last_error: "connection refused" }),
      video: playing,
      lines: ["Camera offline since T17.", "Connection refused."],
    },
    {
      answer: status("offline", { last_error: "rtsp://127.0.0.1:9/: cannot be reached" }),
      video: playing,
      lines: ["Camera offline since T17.", "rtsp://127.0.0.1:9/: cannot be reached."],
    },
    { answer: status("offline", { last_error: "gate.local: no such host" }), video: playing, lines: ["Camera offline since T17.", "gate.local: no such host."] },
    { answer: status("stalled"), video: playing, lines: ["The camera has sent no pictures since T17."] },
    {
      answer: status("unsupported", { last_error: "H.265", advice: ["Set the encoding to H.264."] }),
      video: retrying,
      lines: ["This camera's video cannot be shown.", "H.265.", "Set the encoding to H.264."],
    },
    { answer: status("online"), video: playing, lines: ["Waiting for the picture…"] },
    {
      answer: status("online"),
      video: playing,
      waiting: true,
      lines: ["Waiting for the camera's next key frame.", "This connection lost too much, or is too slow for this video."],
    },
    { answer: status("online"), video: retrying, waiting: true, lines: ["Retrying in 2 s: the connection was lost."] },
    { answer: status("online"), video: retrying, lines: ["Retrying in 2 s: the connection was lost."] },
    {
      answer: { kind: "failed" as const, failure: { kind: "network" as const } },
      video: retrying,
      lines: ["The server does not answer.", "Retrying in 2 s: the connection was lost."],
    },
    {
      answer: { kind: "failed" as const, failure: { kind: "http" as const, status: 404, problem: null } },
      video: { kind: "connecting" as const },
      lines: ["There is no such camera on this server."],
    },
  ])("$lines", ({ answer, video, lines, ...more }) => {
    expect(noPictureWords(answer, video, 1_000, time, "waiting" in more)).toEqual(lines);
  });
});

describe("no boxes", () => {
  const stats = (model: Partial<Stats>, fps: Partial<CameraStatus["fps"]> = {}): Stats => {
    const status: CameraStatus = {
      state: "online", since: 0, codec: "H264", profile: "High", size: null, gop_frames: null, b_frames: false, decoder: "openh264",
      fps: { received: 30, decoded: 30, detected: 0, wanted: 6, skipped: 0, unchanged: 0, ...fps }, latency_ms: null,
      detect_fps_wanted: 6, detect_fps_got: 0, short: false,
      reconnects: 0, lost_packets: 0, bitrate_kbps: 0, viewers: 0, last_error: null, advice: ["Set B-frames to 0."],
    };
    return {
      version: "", uptime_s: 0, engine: null, model: "yolo11n", model_state: "ready", model_error: null, model_notes: [], viewers: 0, cpu_percent: 0,
      delivery: { sent: 0, sends: 0, unsent: 0, strays: 0, dropped: 0, replays: 0, waits: 0, keyframe_requests: 0 },
      memory_bytes: 0, cameras: { "1": status }, ...model,
    };
  };

  test.each([
    { given: null, lines: [] },
    { given: stats({}), lines: [] },
    { given: stats({ model_state: "loading" }), lines: ["The model yolo11n is loading; boxes come when it is ready."] },
    {
      given: stats({ model_state: "failed", model_error: "model yolo11n: there is no such file; pull one with `razz models pull`" }),
      lines: ["No boxes: there is no model.", "Model yolo11n: there is no such file; pull one with `razz models pull`."],
    },
    { given: stats({}, { wanted: 0 }), lines: ["Detection is off for this camera (detect_fps = 0)."] },
    { given: stats({}, { decoded: 0 }), lines: ["No boxes: this camera's pictures cannot be decoded.", "Set B-frames to 0."] },
  ])("$lines", ({ given, lines }) => {
    expect(noBoxesWords(given, 1)).toEqual(lines);
    expect(noBoxesWords(given, 2)).toEqual([]);
  });
});

describe("what is shown and why", () => {
  test.each([
    { rendition: null, report: null, words: "" },
    { rendition: "camera", report: session(), words: "camera" },
    { rendition: "360p", report: null, words: "360p" },
    { rendition: "360p", report: session({ why: "path", estimate_kbps: 704 }), words: "360p: the path carries 0.7 Mbit/s" },
    { rendition: "stills", report: session({ why: "path", estimate_kbps: 62 }), words: "stills: the path carries 0.06 Mbit/s" },
    { rendition: "540p", report: session({ why: "path", estimate_kbps: 12_345 }), words: "540p: the path carries 12 Mbit/s" },
    { rendition: "360p", report: session({ why: "path" }), words: "360p: the path carries no more" },
    { rendition: "360p", report: session({ why: "size" }), words: "360p: as large as shown here" },
    { rendition: "540p", report: session({ why: "choice" }), words: "540p: your choice" },
    { rendition: "540p", report: session({ why: "setting" }), words: "540p: this server's setting" },
    { rendition: "full", report: session({ why: "format" }), words: "full: this browser cannot play the camera's H.265" },
  ])("$words", ({ rendition, report, words }) => {
    expect(renditionWords(rendition, report, "H.265")).toBe(words);
  });

  test.each<[Partial<CameraStatus>, string]>([
    [{ codec: "H265", b_frames: false }, "H.265"], [{ codec: "H264", b_frames: true }, "B-frames"], [{ codec: "MJPEG", b_frames: null }, "MJPEG"], [{ codec: null, b_frames: null }, "video"],
  ])("of %j a browser cannot play its %s", (status, words) => {
    expect(unplayableWords(status as CameraStatus)).toBe(words);
  });
});
