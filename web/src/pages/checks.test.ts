// Each check tells a good state from a bad one, and says when it cannot.
import { describe, expect, test } from "vitest";
import type { Diagnostics, PlayerState } from "../media";
import { session } from "../media/fakes/session";
import type { CameraStatus, Stats } from "../wire";
import { alignmentChecks, boxChecks, videoChecks, type Known } from "./checks";

const camera: CameraStatus = {
  state: "online", since: 0, codec: "H264", profile: "High", size: [1280, 720], gop_frames: 60, b_frames: false, decoder: "openh264",
  fps: { received: 30, decoded: 30, detected: 6, wanted: 6, skipped: 0, unchanged: 0 }, detect_fps_wanted: 6, detect_fps_got: 6, short: false, latency_ms: { p50: 40, p95: 55 }, reconnects: 0,
  lost_packets: 0, bitrate_kbps: 2000, viewers: 1, last_error: null, advice: [],
};
const stats: Stats = {
  version: "0.1.0", uptime_s: 1, engine: "rten", model: "demo", model_state: "ready", model_error: null, model_notes: [], viewers: 1, cpu_percent: 10,
  delivery: { sent: 0, sends: 0, unsent: 0, strays: 0, dropped: 0, replays: 0, waits: 0, keyframe_requests: 0 },
  memory_bytes: 1, cameras: { "1": camera },
};
const player: PlayerState = {
  mode: "exact", video: "playing", videoWords: "playing", feed: "open", frameSource: "videoframe", doubtful: 0, gate: "live", frameMode: "exact",
  skewMs: 0, skewsMs: { p50: 0, p95: 0 }, boxCostMs: { p50: 0, p95: 0 }, detectionMs: { p50: 20, p95: 40 }, holdMs: 80, holdLimitMs: 400, jitterBufferTargetMs: 80,
  playoutMs: 80, fps: 30, counts: { exact: 9, near: 0, interpolated: 0, extrapolated: 0, none: 0, hidden: 0 }, pictureSize: [1280, 720], rendition: "camera", renditionWhy: null, renditionWords: "camera", stats: { fps: 6, active_tracks: 2, frame_count: 9, latency_ms: 40, skipped: 0 },
  clockOffsetMs: 0, pictureInPicture: false, noBoxes: [], noPicture: [],
};
const connection = { icePair: "udp a → b", framesDecoded: 9 } as Diagnostics["connection"];
const known = (more: { stats?: Partial<Stats>; camera?: Partial<CameraStatus>; player?: Partial<PlayerState>; connection?: Diagnostics["connection"]; hidden?: Partial<Known["hidden"]>; session?: Diagnostics["session"] }): Known => ({
  camera: 1,
  hidden: { boxes: false, some: false, ...more.hidden },
  stats: { ...stats, cameras: { "1": { ...camera, ...more.camera } }, ...more.stats },
  diagnostics: {
    at: "", page: "", browser: "", camera: "1", element: { width: 1, height: 1, pixelRatio: 1 },
    player: { ...player, ...more.player }, connection: more.connection === undefined ? connection : more.connection, session: more.session ?? null,
  },
});
const NOTHING_DRAWN = { exact: 0, near: 0, interpolated: 0, extrapolated: 0, none: 0, hidden: 0 };
const bad = (checks: { result: string; question: string }[]) => checks.filter(({ result }) => result === "bad").map(({ question }) => question);

test("all is well", () => {
  for (const checks of [videoChecks, boxChecks, alignmentChecks]) {
    expect(checks(known({})).map(({ result }) => result)).toEqual(checks(known({})).map(() => "good"));
  }
});

test("a browser that plays H.265 has nothing to complain of", () => {
  expect(bad(videoChecks(known({ camera: { codec: "H265" } })))).toEqual([]);
});

test("nothing is known: nothing is blamed but the server", () => {
  const nothing: Known = { camera: 1, stats: null, diagnostics: null, hidden: { boxes: false, some: false } };
  expect(bad(videoChecks(nothing))).toEqual(["Does the server answer?"]);
  expect(bad(boxChecks(nothing))).toEqual([]);
  expect(bad(alignmentChecks(nothing))).toEqual([]);
});

describe("what is wrong is named", () => {
  test.each([
    { checks: videoChecks, given: known({ camera: { state: "offline", last_error: "refused" } }), wrong: "Is the camera online?" },
    { checks: videoChecks, given: known({ camera: { codec: "MJPEG" } }), wrong: "Can its video be shown?" },
    { checks: videoChecks, given: known({ camera: { codec: "H265" }, player: { video: "retrying", videoWords: "no common codec" }, connection: null }), wrong: "Is it H.265?" },
    { checks: videoChecks, given: known({ camera: { b_frames: true } }), wrong: "Can its video be shown?" },
    { checks: videoChecks, given: known({ player: { video: "retrying", videoWords: "no way" }, connection: null }), wrong: "Does the video get through?" },
    { checks: videoChecks, given: known({ connection: { icePair: "udp a → b", framesDecoded: 0 } as Diagnostics["connection"] }), wrong: "Does the browser decode it?" },
    { checks: videoChecks, given: { ...known({}), camera: 9 }, wrong: "Is the camera online?" },
    { checks: videoChecks, given: known({ connection: { icePair: "udp a → b", framesDecoded: 0 } as Diagnostics["connection"], session: session({ waiting: true, waits: 1, replays: 0 }) }), wrong: "Does the browser decode it?" },
    { checks: boxChecks, given: known({ camera: { detect_fps_wanted: 0, detect_fps_got: 0, short: false, fps: { ...camera.fps, wanted: 0, decoded: 0 } }, stats: { model_state: "off" } }), wrong: "Is detection on for this camera?" },
    { checks: boxChecks, given: known({ camera: { codec: "H265", detect_fps_got: 0, short: false, fps: { ...camera.fps, decoded: 0 } } }), wrong: "Are pictures decoded?" },
    { checks: boxChecks, given: known({ hidden: { boxes: true } }), wrong: "Are boxes shown?" },
    { checks: boxChecks, given: known({ hidden: { some: true } }), wrong: "Are boxes shown?" },
    { checks: alignmentChecks, given: known({ player: { pictureSize: [1280, 960] } }), wrong: "Do boxes and picture have one shape?" },
    { checks: boxChecks, given: known({ stats: { model_state: "failed", model_error: "no file" } }), wrong: "Is the model ready?" },
    { checks: boxChecks, given: known({ camera: { detect_fps_got: 1 } }), wrong: "Does the detector keep up?" },
    { checks: boxChecks, given: known({ player: { feed: "waiting" } }), wrong: "Do messages come?" },
    { checks: alignmentChecks, given: known({ player: { mode: "live" } }), wrong: "Is the player in exact mode?" },
    { checks: alignmentChecks, given: known({ player: { frameSource: "callback" } }), wrong: "Does the browser name its frames?" },
    { checks: alignmentChecks, given: known({ player: { skewsMs: { p50: 0, p95: 33 } } }), wrong: "Are boxes those of the frame shown?" },
    { checks: alignmentChecks, given: known({ player: { frameMode: "near", skewMs: 40 } }), wrong: "Are boxes those of the frame shown?" },
    { checks: alignmentChecks, given: known({ player: { detectionMs: { p50: 200, p95: 600 } } }), wrong: "Is the hold long enough?" },
  ])("$wrong", ({ checks, given, wrong }) => {
    expect(bad(checks(given))).toEqual([wrong]);
  });
});

const OFFLINE: Partial<CameraStatus> = {
  state: "offline", last_error: "refused", detect_fps_got: 0, short: false, fps: { received: 0, decoded: 0, detected: 0, wanted: 6, skipped: 0, unchanged: 0 },
};
const SILENT: Partial<PlayerState> = { video: "retrying", videoWords: "the server does not answer", feed: "waiting", counts: NOTHING_DRAWN };
const ONE_CAUSE: { name: string; given: Known; wrong: string[] }[] = [
  {
    name: "a camera that is offline, before a player that still has its connection",
    given: known({ camera: OFFLINE, connection: { icePair: null, framesDecoded: 0 } as Diagnostics["connection"] }),
    wrong: ["Is the camera online?"],
  },
  { name: "a camera that is offline, before a player that has none", given: known({ camera: OFFLINE, player: { video: "retrying", feed: "waiting" }, connection: null }), wrong: ["Is the camera online?"] },
  { name: "a server that has stopped", given: { ...known({ player: SILENT, connection: null }), stats: null }, wrong: ["Does the server answer?"] },
  {
    name: "detection off, and the video plays",
    given: known({
      camera: { detect_fps_wanted: 0, detect_fps_got: 0, short: false, fps: { ...camera.fps, decoded: 0, wanted: 0 } },
      player: { counts: { ...NOTHING_DRAWN, none: 90 }, skewsMs: null, detectionMs: null },
    }),
    wrong: ["Is detection on for this camera?"],
  },
];
describe("what hangs on the one cause is not blamed beside it", () => {
  test.each(ONE_CAUSE)("$name", ({ given, wrong }) => {
    expect([videoChecks, boxChecks, alignmentChecks].flatMap((checks) => bad(checks(given)))).toEqual(wrong);
  });
});

test("frames without tracks are not said to be no picture", () => {
  const answers = (more: Partial<CameraStatus>) =>
    alignmentChecks(known({ camera: more, player: { counts: { ...NOTHING_DRAWN, none: 90 }, skewsMs: null, detectionMs: null } })).slice(1).map(({ result, answer }) => `${result}: ${answer}`);
  expect(new Set(answers({}))).toEqual(new Set(["open: There are no tracks yet."]));
  expect(new Set(answers({ detect_fps_wanted: 0 }))).toEqual(new Set(["open: Detection is off for this camera."]));
});

test("few pictures decoded are explained where nothing moves", () => {
  const answer = (more: Partial<CameraStatus>) => {
    const given = known({ camera: { fps: { ...camera.fps, decoded: 1 }, ...more } });
    return boxChecks(given).find(({ question }) => question === "Are pictures decoded?");
  };
  expect(answer({ idle: "key_frames" })).toMatchObject({ result: "good", answer: "1.0 a second. Nothing moves: only key frames are decoded." });
  expect(answer({ idle: "all_frames" })).toMatchObject({ answer: "1.0 a second. Nothing moves: the detector looks once a second." });
  expect(answer({})).toMatchObject({ answer: "1.0 a second." });
});
