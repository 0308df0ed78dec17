// Fragments, however their bytes are cut.
import { describe, expect, test } from "vitest";
import { box, fragment, gop, header, PICTURE, START, u, UNIX } from "../fakes/footage";
import { FragmentParser, type Fragment } from "./fmp4";

/** What comes out of these bytes in pieces of `size`. */
function parsed(bytes: readonly number[], size = bytes.length): Fragment[] {
  const parser = new FragmentParser();
  const fragments: Fragment[] = [];
  for (let at = 0; at < bytes.length; at += size) fragments.push(...parser.push(Uint8Array.from(bytes.slice(at, at + size))));
  return fragments;
}

describe("a fragment", () => {
  test("is its pictures by media time, with their wall time and data", () => {
    const [first, second] = parsed([...header(), ...fragment(START, [{ key: true, data: [9, 8] }]), ...fragment(START + PICTURE, [{ data: [7] }, { data: [6, 5, 4] }])]);
    expect(first?.samples.map(({ time, key, duration, unix, data }) => [time, key, duration, Math.round(1000 * (unix - UNIX)), [...data]])).toEqual([[START, true, PICTURE, 0, [9, 8]]]);
    expect(second?.samples.map(({ time, key, unix, data }) => [time - START, key, Math.round(1000 * (unix - UNIX)), [...data]])).toEqual([
      [PICTURE, false, 33, [7]],
      [2 * PICTURE, false, 67, [6, 5, 4]],
    ]);
    expect(first?.coding.codec).toBe("avc1.64001F");
    expect(second?.coding).toBe(first?.coding);
  });

  test.each([1, 2, 7, 8, 9, 15, 16, 17, 64, 1000])("in pieces of %i bytes is the same", (size) => {
    const bytes = [...header(), ...gop(START, 10), ...gop(START + 10 * PICTURE, 3)];
    expect(parsed(bytes, size)).toEqual(parsed(bytes));
    expect(parsed(bytes, size).flatMap(({ samples }) => samples.map(({ time }) => (time - START) / PICTURE))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  });

  test("with pictures out of order has the times at which they are shown", () => {
    const [only] = parsed([...header(), ...fragment(START, [{ key: true, later: PICTURE }, { later: 2 * PICTURE }, { later: -PICTURE }])]);
    expect(only?.samples.map(({ time }) => (time - START) / PICTURE)).toEqual([1, 3, 1]);
  });

  test("is told as Media Source takes it: moof and mdat, and nothing else", () => {
    const [only] = parsed([...header(), ...gop(START, 1)]);
    const type = (at: number): string => String.fromCharCode(...(only?.bytes.subarray(at + 4, at + 8) ?? []));
    const moof = new DataView(only?.bytes.buffer ?? new ArrayBuffer(4)).getUint32(0);
    expect([type(0), type(moof)]).toEqual(["moof", "mdat"]);
  });

  test("behind another header is coded otherwise", () => {
    const [, second] = parsed([...header(), ...gop(START, 1), ...header(), ...gop(START + PICTURE, 1)]);
    expect(second?.coding.codec).toBe("avc1.64001F");
    expect(parsed([...header(), ...gop(START, 1), ...header(), ...gop(START + PICTURE, 1)])[0]?.coding).not.toBe(second?.coding);
  });

  test("knows its wall time behind the wrap of NTP's seconds too", () => {
    const [only] = parsed([...header(), ...fragment(START, [{ key: true }], 2_085_978_496 + 5)]);
    expect(only?.samples[0]?.unix).toBe(2_085_978_501);
  });
});

test.each([
  { what: "a box of no size", bytes: [...u(4, 4), ...u(12, 0)] },
  { what: "a box of a gigabyte", bytes: [...u(4, 2 ** 30), ...u(12, 0)] },
  { what: "a header of a codec that is not known", bytes: header(box("vp09", u(78, 0))) },
  { what: "a picture beyond its fragment", bytes: withSize(99, [...header(), ...gop(START, 1)]) },
])("$what is no recording", ({ bytes }) => {
  expect(() => parsed(bytes)).toThrow();
});

/** The same bytes, in which the first picture is said to have so many. */
function withSize(size: number, bytes: readonly number[]): number[] {
  // Behind the name of the box: version and flags, number of pictures, offset, duration, and three bytes of the size.
  const at = String.fromCharCode(...bytes).indexOf("trun") + 4 + 4 + 4 + 4 + 4 + 3;
  return bytes.map((byte, n) => (n === at ? size : byte));
}
