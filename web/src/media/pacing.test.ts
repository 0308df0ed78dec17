// How long frames are kept and playout is held, from what frames and messages tell.
import { describe, expect, test } from "vitest";
import { rtpAddMs } from "./clock/rtp";
import { message } from "./fakes/tracks";
import type { PresentedFrame } from "./frames";
import { Pacing } from "./pacing";
import type { PlayerMode } from "./presenter";
import { TrackMap } from "./trackmap";

const rtpAt = (ms: number): number => rtpAddMs(7_000, ms);
const IMAGE = { clone: () => IMAGE, close: () => undefined } as unknown as VideoFrame;

/** The frame of media time `ms`, which the browser kept for `heldMs` after its last packet and presents at `atMs`. */
function frame(ms: number, atMs: number, heldMs: number | null = 0, image: PresentedFrame["image"] = IMAGE): PresentedFrame {
  const receivedMs = heldMs === null ? null : atMs - heldMs;
  return { image, width: 1, height: 1, rtp: rtpAt(ms), source: "videoframe", doubtful: false, receivedMs, presentedMs: atMs };
}

function pacing(mode: PlayerMode = "exact", limitMs = 400): { pacing: Pacing; map: TrackMap } {
  const map = new TrackMap();
  return { pacing: new Pacing(map, mode, limitMs), map };
}

describe("a frame waits", () => {
  test.each([
    { name: "for what the browser kept it too short", heldMs: 60, wait: { missingMs: 90, patienceMs: 50 } },
    { name: "for its tracks only, if it was kept long enough", heldMs: 150, wait: { missingMs: 0, patienceMs: 50 } },
    { name: "no longer than the limit allows", heldMs: 380, wait: { missingMs: 0, patienceMs: 20 } },
    { name: "for its tracks only, where nobody knows how long it was kept", heldMs: null, wait: { missingMs: 0, patienceMs: 50 } },
  ])("$name", ({ heldMs, wait }) => {
    const { pacing: paced, map } = pacing();
    map.add(message(rtpAt(0)), 1_000);
    expect(paced.waitOf(frame(0, 1_000, heldMs))).toEqual(wait);
  });

  test.each([
    { name: "in live mode", mode: "live", atMs: 1_000, image: IMAGE },
    { name: "without messages", mode: "exact", atMs: 4_000, image: IMAGE },
    { name: "that cannot be kept", mode: "exact", atMs: 1_000, image: {} as HTMLVideoElement },
  ] as const)("not $name", ({ mode, atMs, image }) => {
    const { pacing: paced, map } = pacing(mode);
    map.add(message(rtpAt(0)), 1_000);
    expect(paced.waitOf(frame(0, atMs, 0, image))).toEqual({ missingMs: 0, patienceMs: 0 });
  });

  test.each([
    { name: "its own came", ms: 0, awaits: false }, { name: "a later one came", ms: -33, awaits: false }, { name: "none as late came", ms: 33, awaits: true },
  ])("for tracks that may still come: $name", ({ ms, awaits }) => {
    const { pacing: paced, map } = pacing();
    expect(paced.awaitsTracks(frame(ms, 0)), "without any message there is nothing to wait for").toBe(false);
    map.add(message(rtpAt(0)), 1_000);
    expect(paced.awaitsTracks(frame(ms, 0))).toBe(awaits);
    expect(paced.awaitsTracks({ ...frame(ms, 0), rtp: null })).toBe(false);
  });
});

describe("the hold", () => {
  test("follows messages that came before their frame was shown", () => {
    const { pacing: paced, map } = pacing();
    paced.update(0);
    for (let ms = 0; ms < 1_000; ms += 50) {
      // The message comes 80 ms after the packets, the frame is shown 150 ms after them.
      map.add(message(rtpAt(ms)), ms + 80);
      paced.presented(frame(ms, ms + 150, 150));
    }
    paced.update(1_000);
    expect(paced.state(1_000)).toMatchObject({ holdMs: 135, playoutMs: 150 });
  });

  test("and those that came too late", () => {
    const { pacing: paced, map } = pacing();
    for (let ms = 0; ms < 1_000; ms += 50) {
      paced.presented(frame(ms, ms + 150, 150));
      map.add(message(rtpAt(ms)), ms + 250);
      paced.arrived(rtpAt(ms), ms + 250);
    }
    paced.update(1_200);
    expect(paced.state(1_200).holdMs).toBe(280);
  });

  test("where the browser does not say when packets came, counts from one hold ago", () => {
    const { pacing: paced, map } = pacing("exact", 200);
    paced.reset();
    expect(paced.targetMs).toBe(200);
    for (let ms = 0; ms < 500; ms += 50) {
      paced.presented(frame(ms, ms + 200, null));
      map.add(message(rtpAt(ms)), ms + 130);
      paced.arrived(rtpAt(ms), ms + 130);
    }
    paced.update(500);
    expect(paced.state(500)).toMatchObject({ holdMs: 160, playoutMs: null });
  });

  test("is nothing in live mode, and what the jitter buffer is told with it", () => {
    const { pacing: paced } = pacing();
    paced.reset();
    expect(paced.targetMs).toBe(400);
    paced.mode = "live";
    expect([paced.targetMs, paced.state(0).holdMs]).toEqual([0, 0]);
    paced.mode = "exact";
    expect([paced.targetMs, paced.state(0).holdMs]).toEqual([400, 150]);
  });

  test("is told in steps of 10 ms", () => {
    const { pacing: paced } = pacing("exact", 87);
    paced.reset();
    expect(paced.targetMs).toBe(90);
  });

  test("obeys another limit", () => {
    const { pacing: paced } = pacing();
    paced.limitMs = 60;
    paced.update(0);
    expect(paced.state(0)).toMatchObject({ holdLimitMs: 60, holdMs: 60, jitterBufferTargetMs: 60 });
  });

  test("of a session before says nothing of this one", () => {
    const { pacing: paced, map } = pacing();
    paced.presented(frame(0, 150, 150));
    paced.reset();
    map.add(message(rtpAt(0)), 5_000);
    paced.arrived(rtpAt(0), 5_000);
    paced.update(5_000);
    expect(paced.state(5_000).holdMs, "no hold of five seconds").toBe(150);
  });
});

test("frames are counted over the last second", () => {
  const { pacing: paced } = pacing();
  for (let at = 0; at <= 2_000; at += 100) paced.presented(frame(at, at, 120));
  expect(paced.state(2_000)).toMatchObject({ fps: 11 });
  expect(paced.state(2_500)).toMatchObject({ fps: 6 });
  paced.update(4_000);
  expect(paced.state(4_000)).toMatchObject({ fps: 0, playoutMs: null });
});

test.each([{ afterMs: 2_999, fresh: true }, { afterMs: 3_000, fresh: false }])("a message $afterMs ms ago is fresh: $fresh", ({ afterMs, fresh }) => {
  const { pacing: paced, map } = pacing();
  expect(paced.fresh(0)).toBe(false);
  map.add(message(rtpAt(0)), 0);
  expect(paced.fresh(afterMs)).toBe(fresh);
});
