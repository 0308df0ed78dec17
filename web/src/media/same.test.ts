// Which states are told again.
import { expect, test } from "vitest";
import { same } from "./same";

const STATE = { mode: "exact", fps: 30, skewMs: null, counts: { exact: 3, none: 0 }, noPicture: ["Connecting"], size: [1280, 720] };

test.each([
  { name: "a copy", other: structuredClone(STATE), equal: true },
  { name: "another number deep inside", other: { ...STATE, counts: { exact: 4, none: 0 } }, equal: false },
  { name: "another line", other: { ...STATE, noPicture: ["Connecting", "in 3 s"] }, equal: false },
  { name: "null in place of a number", other: { ...STATE, fps: null }, equal: false },
  { name: "a number in place of null", other: { ...STATE, skewMs: 0 }, equal: false },
  { name: "null in place of an object", other: { ...STATE, counts: null }, equal: false },
  { name: "one entry less", other: { ...STATE, size: [1280] }, equal: false },
  { name: "other keys", other: { ...STATE, counts: { exact: 3, hidden: 0 } }, equal: false },
  { name: "nothing", other: null, equal: false },
])("$name: $equal", ({ other, equal }) => {
  expect(same(STATE, other)).toBe(equal);
  expect(same(other, STATE)).toBe(equal);
});

test("what is no number is the same as itself", () => {
  expect(same([Number.NaN], [Number.NaN])).toBe(true);
});
