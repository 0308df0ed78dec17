// Where playback is.
import { describe, expect, test } from "vitest";
import { nextRate, PlaybackClock, rateOf } from "./clock";

describe("the position", () => {
  test.each([
    { rate: 1, ms: 1000, ticks: 90_000 },
    { rate: 0.25, ms: 1000, ticks: 22_500 },
    { rate: 4, ms: 500, ticks: 180_000 },
    { rate: -2, ms: 500, ticks: -90_000 },
  ])("at $rate x is $ticks ticks further after $ms ms", ({ rate, ms, ticks }) => {
    const clock = new PlaybackClock(1_000_000, rate);
    expect(clock.at(123)).toBe(1_000_000);
    clock.run(true, 100);
    expect(clock.at(100 + ms)).toBe(1_000_000 + ticks);
    clock.run(false, 100 + ms);
    expect(clock.at(9999)).toBe(1_000_000 + ticks);
  });

  test("goes on from where it is at another rate", () => {
    const clock = new PlaybackClock(0, 1);
    clock.run(true, 0);
    clock.setRate(2, 1000);
    expect(clock.at(1500)).toBe(180_000);
    clock.set(0, 1500);
    expect(clock.at(2000)).toBe(90_000);
  });

  test.each([
    { rate: 1, limit: 50_000, then: 50_000 },
    { rate: 1, limit: 95_000, then: 90_000 },
    { rate: -1, limit: -50_000, then: -50_000 },
    { rate: -1, limit: -95_000, then: -90_000 },
  ])("at $rate x goes no further than $limit", ({ rate, limit, then }) => {
    const clock = new PlaybackClock(0, rate);
    clock.run(true, 0);
    clock.hold(limit, 1000);
    expect(clock.at(1000)).toBe(then);
  });
});

test.each([
  { text: null, rate: 1 },
  { text: "2", rate: 2 },
  { text: "-0.1", rate: -0.25 },
  { text: "100", rate: 64 },
  { text: "-100", rate: -64 },
  { text: "0", rate: 1 },
  { text: "fast", rate: 1 },
])("the attribute $text is $rate x", ({ text, rate }) => {
  expect(rateOf(text)).toBe(rate);
});

test("keys lead through the rates, over still to backwards", () => {
  const up: number[] = [-4];
  while (up.length < 9) up.push(nextRate(up.at(-1) ?? 0, true));
  expect(up).toEqual([-4, -2, -1, 0.25, 0.5, 1, 2, 4, 8]);
  expect([nextRate(64, true), nextRate(-64, false), nextRate(1.5, false), nextRate(0.25, false)]).toEqual([64, -64, 1, -1]);
});
