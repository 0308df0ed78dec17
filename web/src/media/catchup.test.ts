// Which frames are for the eye.
import { describe, expect, test } from "vitest";
import { CatchUpGate } from "./catchup";
import { rtpAddMs } from "./clock/rtp";

/** Media time, in ms from an arbitrary start near the wrap. */
function media(ms: number): number {
  return rtpAddMs(2 ** 32 - 50_000, ms);
}

/** Presents frames of media time [from, to) ms every `everyMs` of clock, beginning at `nowMs`; which were shown? */
function play(gate: CatchUpGate, from: number, to: number, nowMs: number, everyMs: number): number[] {
  const shown: number[] = [];
  for (let ms = from, at = nowMs; ms < to; ms += 33, at += everyMs) if (gate.admit(media(ms), at, 100)) shown.push(ms);
  return shown;
}

describe("start", () => {
  test("a GOP at once stays hidden up to the live edge that the snapshot told", () => {
    const gate = new CatchUpGate();
    gate.notePoster(media(2000), 0);
    const shown = play(gate, 0, 3000, 100, 3);
    expect(gate.state).toBe("live");
    // Live is what is at most hold and slack behind 2000 ms and the time that passed since.
    expect(shown[0]).toBeGreaterThanOrEqual(2000);
    expect(shown[0]).toBeLessThan(2100);
    expect(shown.at(-1)).toBe(2970);
  });

  test("a snapshot older than the slack: nothing before it is shown, even late frames", () => {
    const gate = new CatchUpGate();
    gate.notePoster(media(2000), 0);
    expect(play(gate, 1700, 1990, 0, 3)).toEqual([]);
  });

  test("track messages tell the edge as well", () => {
    const gate = new CatchUpGate();
    gate.noteEdge(media(1000), 0);
    gate.noteEdge(media(2000), 10);
    gate.noteEdge(media(1500), 10);
    const shown = play(gate, 0, 3000, 20, 3);
    expect(shown[0]).toBeGreaterThanOrEqual(2000 - 350);
  });

  test("with no edge known, frames at real time are shown soon, a fast-forward is not", () => {
    const fast = new CatchUpGate();
    expect(play(fast, 0, 5000, 0, 3)).toEqual([]);
    const real = new CatchUpGate();
    const shown = play(real, 0, 1000, 0, 33);
    expect(shown[0]).toBeLessThanOrEqual(250);
  });

  test("it ends: after 3 s any frame is shown", () => {
    const gate = new CatchUpGate();
    gate.notePoster(media(1_000_000), 0);
    expect(gate.admit(media(0), 0, 100)).toBe(false);
    expect(gate.admit(media(33), 1_400, 100)).toBe(false);
    expect(gate.admit(media(66), 2_800, 100)).toBe(false);
    expect(gate.admit(media(99), 3_000, 100)).toBe(true);
  });

  test("a camera of one frame in two seconds is shown, though nothing tells the edge", () => {
    const gate = new CatchUpGate();
    expect([0, 2_000, 4_000].map((ms) => gate.admit(media(ms), ms, 100))).toEqual([false, true, true]);
  });
});

describe("while playing", () => {
  function playing(): CatchUpGate {
    const gate = new CatchUpGate();
    gate.noteEdge(media(0), 0);
    play(gate, 0, 1000, 0, 33);
    expect(gate.state).toBe("live");
    return gate;
  }

  test("a replay is hidden until it has passed the last frame shown", () => {
    const gate = playing();
    const shown = play(gate, 0, 2000, 1010, 5);
    expect(gate.state).toBe("live");
    expect(Math.min(...shown)).toBeGreaterThanOrEqual(990);
  });

  test("the same frame again is no rewind", () => {
    const gate = playing();
    expect(gate.admit(media(990), 1020, 100)).toBe(true);
    expect(gate.state).toBe("live");
  });

  test("a jump ahead is shown: the camera was away", () => {
    expect(playing().admit(media(60_000), 1033, 100)).toBe(true);
  });

  test("media time that began anew does not freeze the picture for ever", () => {
    const gate = playing();
    const shown = play(gate, -60_000, -50_000, 1033, 33);
    expect(shown[0]).toBeLessThanOrEqual(-60_000 + 3_100);
  });

  test("a camera that is off: its last GOP, replayed again and again, is never shown", () => {
    const gate = playing();
    for (const nowMs of [2_000, 5_000, 8_000, 11_000]) expect(play(gate, 0, 960, nowMs, 5)).toEqual([]);
    expect(gate.admit(media(15_000), 15_000, 100)).toBe(true);
  });

  test("a new session knows nothing of the old", () => {
    const gate = playing();
    gate.reset();
    expect(gate.state).toBe("waiting");
    gate.noteEdge(media(-60_000), 2000);
    expect(gate.admit(media(-60_000), 2000, 100)).toBe(true);
  });
});

test("frames without a name are shown as they come", () => {
  const gate = new CatchUpGate();
  gate.notePoster(media(0), 0);
  expect(gate.admit(null, 0, 100)).toBe(true);
  expect(gate.state).toBe("live");
});
