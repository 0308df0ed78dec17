// GOPs in memory: what is found at a time, what answers that overlap add, what goes when there is too much.
import { describe, expect, test } from "vitest";
import { fragment, gop, header, PICTURE, START } from "../fakes/footage";
import { FragmentParser } from "./fmp4";
import { besides, endOf, Gops, isReordered, shownAt, type Gop } from "./gops";

/** Takes these bytes behind a header, as one answer. */
function take(gops: Gops, bytes: readonly number[]): Gop | null {
  let open: Gop | null = null;
  for (const one of new FragmentParser().push(Uint8Array.from([...header(), ...bytes]))) open = gops.add(one, open);
  return open;
}

/** So many GOPs of ten pictures, the first `first` GOPs after the start. */
const footage = (first: number, count: number): number[] => Array.from({ length: count }, (_, n) => gop(at(10 * (first + n)), 10)).flat();
const at = (pictures: number): number => START + pictures * PICTURE;

describe("the GOP at a time", () => {
  const gops = new Gops(1e9);
  take(gops, footage(0, 2));
  take(gops, footage(5, 1));

  test.each([
    { pictures: -1, found: null },
    { pictures: 0, found: 0 },
    { pictures: 9.9, found: 0 },
    { pictures: 10, found: 10 },
    { pictures: 19.9, found: 10 },
    { pictures: 20, found: null },
    { pictures: 49, found: null },
    { pictures: 50, found: 50 },
    { pictures: 60, found: null },
  ])("$pictures pictures after the start begins $found after it", ({ pictures, found }) => {
    expect(gops.at(at(pictures))?.from ?? null).toBe(found === null ? null : at(found));
  });

  test("is found by wall time as well", () => {
    expect(gops.atUnix(at(12) / 90_000 - 1)?.from).toBe(at(10));
    expect(gops.atUnix(at(30) / 90_000 - 1)).toBeUndefined();
  });
});

describe("in a GOP", () => {
  const gops = new Gops(1e9);
  take(gops, [...fragment(at(0), [{ key: true }]), ...fragment(at(1), [{ later: PICTURE }, { later: -PICTURE }, { later: 0 }])]);
  const only = gops.at(at(0));
  if (!only) throw new Error("no GOP");

  test.each([
    { time: 0, shown: 0, after: 1, before: null },
    { time: 1.5, shown: 1, after: 2, before: 1 },
    { time: 2, shown: 2, after: 3, before: 1 },
    { time: 9, shown: 3, after: null, before: 3 },
  ])("$time pictures on, $shown is shown, between $before and $after", ({ time, shown, after, before }) => {
    const pictures = (sample: { time: number } | null): number | null => sample && (sample.time - START) / PICTURE;
    expect([pictures(shownAt(only, at(time))), pictures(besides(only, at(time), 1)), pictures(besides(only, at(time), -1))]).toEqual([shown, after, before]);
  });

  test("pictures may be decoded in another order than they are shown", () => {
    const plain = new Gops(1e9);
    take(plain, footage(0, 1));
    const inOrder = plain.at(at(0));
    expect([isReordered(only), inOrder && isReordered(inOrder)]).toEqual([true, false]);
  });

  test("a time that was rounded means the nearest picture", () => {
    expect(gops.nearest(at(2) + 1)?.time).toBe(at(2));
    expect(gops.nearest(at(2) - 1)?.time).toBe(at(2));
    expect(gops.nearest(at(0) - 1)?.time).toBe(at(0));
  });
});

test("answers that overlap join, and nothing is taken twice", () => {
  const gops = new Gops(1e9);
  take(gops, footage(0, 2));
  const { bytes } = gops;
  take(gops, footage(1, 1));
  expect(gops.bytes).toBe(bytes);
  take(gops, footage(1, 2));
  const first = gops.at(at(0));
  expect(first && [first.next, gops.get(at(10))?.next, gops.get(at(10))?.previous, gops.get(at(20))?.previous]).toEqual([at(10), at(20), at(0), at(10)]);
  expect(first && endOf(gops.lastFrom(first))).toBe(at(30));
  expect(first && gops.get(at(10))?.coding).toBe(first?.coding);
});

test("pictures without the key picture before them are nothing", () => {
  const gops = new Gops(1e9);
  expect(take(gops, fragment(at(0), [{}]))).toBeNull();
  expect(gops.bytes).toBe(0);
});

test("what is farthest from the position goes first, never what is at it", () => {
  const one = gop(at(0), 10).length;
  const gops = new Gops(3 * one);
  take(gops, footage(0, 6));
  gops.trim(at(21));
  const kept = [0, 1, 2, 3, 4, 5].filter((n) => gops.get(at(10 * n)));
  expect(kept).toContain(2);
  expect(kept).not.toContain(5);
  expect(gops.bytes).toBeLessThanOrEqual(3 * one);
  expect(gops.bytesBetween(at(10), at(20))).toBe(gops.get(at(20))?.bytes);
  // One that went takes nothing in any more.
  const before = gops.bytes;
  const kept20 = gops.get(at(20));
  if (!kept20) throw new Error("it went");
  const gone: Gop = { ...kept20, from: at(50) };
  const [more] = new FragmentParser().push(Uint8Array.from([...header(), ...fragment(at(55), [{}])]));
  if (!more) throw new Error("no fragment");
  gops.add(more, gone);
  expect(gops.bytes).toBe(before);
});
