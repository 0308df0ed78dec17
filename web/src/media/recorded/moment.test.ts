// Moments as they are written.
import { expect, test } from "vitest";
import { later, momentOf, momentText, rtpOf } from "./moment";

test.each([
  { at: "2026-11-28T14:03:00Z", moment: { unix: 1_795_874_580 } },
  { at: "2026-11-28T14:03:00.250Z", moment: { unix: 1_795_874_580.25 } },
  { at: "1764510000.5", moment: { unix: 1_764_510_000.5 } },
  { at: 1_764_510_000.5, moment: { unix: 1_764_510_000.5 } },
  { at: "90k:158805900011070", moment: { time: 158_805_900_011_070 } },
  { at: " 90k:7 ", moment: { time: 7 } },
  { at: "", moment: null },
  { at: "yesterday", moment: null },
  { at: "90k:1.5", moment: null },
  { at: Number.NaN, moment: null },
])("$at is $moment", ({ at, moment }) => {
  expect(momentOf(at)).toEqual(moment);
});

test.each([
  { moment: { time: 158_805_900_011_070 }, text: "90k:158805900011070" },
  { moment: { unix: 1_764_510_000.5 }, text: "1764510000.500000" },
])("$moment is asked for as $text", ({ moment, text }) => {
  expect(momentText(moment)).toBe(text);
});

test.each([
  { moment: { time: 90_000 }, seconds: 2.5, then: { time: 315_000 } },
  { moment: { time: 90_000 }, seconds: -2, then: { time: 0 } },
  { moment: { unix: 10 }, seconds: -2, then: { unix: 8 } },
])("$seconds s after $moment is $then", ({ moment, seconds, then }) => {
  expect(later(moment, seconds)).toEqual(then);
});

test.each([0, 1, 2 ** 32 - 1, 2 ** 32, 158_805_900_011_070])("the RTP timestamp of %i is its low 32 bits", (time) => {
  expect(rtpOf(time)).toBe(Number(BigInt(time) & 0xffff_ffffn));
});
