// How long playout is held, and what the jitter buffer is told to that end.
import { describe, expect, test } from "vitest";
import { HoldController, holdLimit, percentile } from "./hold";
import { PlayoutControl } from "./playout";

/** Feeds `neededMs(i)` 30 times a second for `seconds`, from `fromMs`; returns the target at the end. */
function feed(hold: HoldController, fromMs: number, seconds: number, neededMs: (i: number) => number): number {
  for (let i = 0; i < seconds * 30; i++) {
    const nowMs = fromMs + (i * 1000) / 30;
    hold.sample(neededMs(i), false, nowMs);
    if (i % 8 === 0) hold.update(nowMs, true);
  }
  return hold.update(fromMs + seconds * 1000, true);
}

describe("hold", () => {
  test("before anything is measured it waits as long as the server does", () => {
    expect(new HoldController().update(0, true)).toBe(150);
  });

  test("rises at once to what is needed, with a margin of a frame", () => {
    const hold = new HoldController();
    hold.update(0, true);
    expect(feed(hold, 0, 1, () => 220)).toBe(250);
  });

  test("never exceeds the limit", () => {
    expect(feed(new HoldController(), 0, 3, () => 5000)).toBe(400);
  });

  test("another limit counts at once", () => {
    const hold = new HoldController(300);
    expect(feed(hold, 0, 3, () => 5000)).toBe(300);
    hold.limitMs = 120;
    expect(hold.targetMs).toBe(120);
    expect(feed(hold, 3_000, 1, () => 5000)).toBe(120);
  });

  test("a rare outlier moves nothing, one frame in twelve does", () => {
    const rare = feed(new HoldController(), 0, 20, (i) => (i % 150 === 149 ? 390 : 100));
    const often = feed(new HoldController(), 0, 20, (i) => (i % 12 === 11 ? 390 : 100));
    expect(rare).toBeLessThan(200);
    expect(often).toBe(400);
  });

  test("falls slowly", () => {
    const hold = new HoldController();
    feed(hold, 0, 2, () => 350);
    const soon = feed(hold, 2_000, 4, () => 50);
    const late = feed(hold, 6_000, 60, () => 50);
    expect(soon).toBeGreaterThan(300);
    expect(late).toBe(80);
  });

  test("without tracks there is nothing to wait for", () => {
    const hold = new HoldController();
    feed(hold, 0, 1, () => 100);
    for (let nowMs = 1_000; nowMs < 20_000; nowMs += 250) hold.update(nowMs, false);
    expect(hold.targetMs).toBe(0);
  });

  test("a page too busy to look raises nothing: the message was there in time", () => {
    const hold = new HoldController();
    for (let i = 0; i < 600; i++) {
      hold.sample(900, true, i * 33);
      hold.update(i * 33, true);
    }
    expect(hold.targetMs).toBe(150);
  });

  test.each([Number.NaN, Infinity, -Infinity])("%s is no measurement", (needed) => {
    const hold = new HoldController();
    hold.sample(needed, false, 0);
    expect(hold.update(0, true)).toBe(150);
  });
});

test.each([
  { said: null, is: 400 },
  { said: "", is: 400 },
  { said: "soon", is: 400 },
  { said: "250", is: 250 },
  { said: "0", is: 0 },
  { said: "-5", is: 0 },
  { said: "5000", is: 400 },
])("max-hold $said: $is ms", ({ said, is }) => {
  expect(holdLimit(said)).toBe(is);
});

test.each([
  { values: [5], p: 0.95, is: 5 },
  { values: [3, 1, 2], p: 0.5, is: 2 },
  { values: Array.from({ length: 100 }, (_, i) => i + 1), p: 0.95, is: 95 },
  { values: Array.from({ length: 100 }, (_, i) => i + 1), p: 1, is: 100 },
])("percentile $p", ({ values, p, is }) => {
  expect(percentile(values, p)).toBe(is);
});

describe("playout", () => {
  /** A jitter buffer that holds by `toldMs + errorMs(t)`, and how long its frames were held at the end. */
  function settle(errorMs: (nowMs: number) => number, wantedMs: number): { told: number; held: number; least: number } {
    const control = new PlayoutControl(400);
    let held = 0;
    let least = Infinity;
    for (let i = 0; i < 30 * 20; i++) {
      const nowMs = (i * 1000) / 30;
      held = Math.max(0, control.toldMs + errorMs(nowMs));
      least = Math.min(least, held);
      control.sample(held, nowMs);
      if (i % 8 === 0) control.update(wantedMs, nowMs);
    }
    return { told: control.toldMs, held, least };
  }

  test.each([
    { name: "a buffer that does as told", error: () => 0 },
    { name: "one that holds 20 ms less", error: () => -20 },
    { name: "one misled by a burst for 4 s", error: (nowMs: number) => -160 * Math.max(0, 1 - nowMs / 4_000) },
  ])("$name holds as wanted, and never too short", ({ error }) => {
    const { held, least } = settle(error, 120);
    expect(held).toBeGreaterThanOrEqual(120 - 12);
    expect(held).toBeLessThanOrEqual(120 + 30 + 15);
    expect(least).toBeGreaterThanOrEqual(120 - 15);
  });

  test("a limit holds from the first moment of a session", () => {
    const control = new PlayoutControl(120);
    expect(control.toldMs).toBe(120);
    for (let i = 0; i < 60; i++) {
      control.sample(10, i * 33);
      control.update(120, i * 33);
    }
    expect(control.toldMs).toBe(120);
  });

  test("asks for no more than the limit, and no less than nothing", () => {
    expect(settle(() => -1000, 120).told).toBe(400);
    expect(settle(() => 1000, 120).told).toBe(0);
  });
});
