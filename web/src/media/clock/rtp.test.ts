// RTP timestamps across the wrap.
import { expect, test } from "vitest";
import { rtpAddMs, rtpDiff, rtpDiffMs } from "./rtp";

const WRAP = 2 ** 32;

test.each([
  { a: 3000, b: 0, ticks: 3000 },
  { a: 0, b: 3000, ticks: -3000 },
  { a: 0, b: 0, ticks: 0 },
  { a: 2000, b: WRAP - 1000, ticks: 3000 },
  { a: WRAP - 1000, b: 2000, ticks: -3000 },
  { a: 2 ** 31 - 1, b: 0, ticks: 2 ** 31 - 1 },
  { a: 2 ** 31 + 1, b: 0, ticks: -(2 ** 31) + 1 },
  { a: WRAP - 1, b: 0, ticks: -1 },
])("from $b to $a are $ticks ticks", ({ a, b, ticks }) => {
  expect(rtpDiff(a, b)).toBe(ticks);
  expect(rtpDiffMs(a, b)).toBeCloseTo(ticks / 90, 9);
});

test.each([
  { rtp: 0, ms: 100, then: 9000 },
  { rtp: WRAP - 4500, ms: 100, then: 4500 },
  { rtp: 4500, ms: -100, then: WRAP - 4500 },
  { rtp: WRAP - 1, ms: 0, then: WRAP - 1 },
])("$rtp and $ms ms are $then", ({ rtp, ms, then }) => {
  expect(rtpAddMs(rtp, ms)).toBe(then);
});
