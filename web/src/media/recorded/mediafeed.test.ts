// @vitest-environment happy-dom
// What a <video> is fed with.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { AVCC, entry, gop, header, PICTURE, START } from "../fakes/footage";
import { fakeMediaSource, FakeMediaSource } from "../fakes/mediasource";
import { settled } from "../fakes/server";
import "../fakes/video";
import type { Coding } from "./coding";
import { FragmentParser } from "./fmp4";
import { Gops, type Gop } from "./gops";
import { MediaFeed } from "./mediafeed";

const at = (gops: number): number => START + 10 * gops * PICTURE;
let feed: MediaFeed;
let refused: Coding[] = [];

beforeEach(() => {
  const video = document.createElement("video");
  fakeMediaSource(video);
  refused = [];
  feed = new MediaFeed(video, (coding) => refused.push(coding));
});
afterEach(() => {
  feed.stop();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** The GOPs of these numbers; those from `other` on are coded otherwise. */
function gops(numbers: readonly number[], head = header()): Gop[] {
  const kept = new Gops(1e9);
  const bytes = numbers.flatMap((number) => gop(at(number), 10));
  let open: Gop | null = null;
  for (const fragment of new FragmentParser().push(Uint8Array.from([...head, ...bytes]))) open = kept.add(fragment, open);
  return numbers.flatMap((number) => kept.get(at(number)) ?? []);
}

/** Feeds until nothing is missing, and answers what was done: numbers of pictures after the start, or what it is called. */
async function fed(wanted: readonly Gop[], position = START): Promise<(string | number)[]> {
  for (let turn = 0; turn < 40; turn++) {
    feed.feed(wanted, position);
    await settled();
  }
  const done = FakeMediaSource.all.at(-1)?.buffer?.done.splice(0) ?? [];
  return done.map((one) => (/^\d+$/.test(one) ? (Number(one) - START) / PICTURE : one));
}

test("each fragment once, behind the header, the most urgent first", async () => {
  const [first, second] = [gops([0]), gops([1])];
  expect(await fed([...first, ...second])).toEqual(["header", 0, 1, 10, 11]);
  expect(await fed([...first, ...second])).toEqual([]);
  expect([feed.holds(START), feed.holds(at(2) - 1), feed.holds(at(2) + 1)]).toEqual([true, true, false]);
  expect(FakeMediaSource.all.at(-1)?.duration).toBe(Infinity);
});

test("times of the video and media times lead to one another", async () => {
  await fed(gops([0]));
  const seconds = feed.secondsOf(START + 7 * PICTURE);
  expect(seconds).toBeGreaterThan(0);
  expect(feed.timeOf(seconds)).toBe(START + 7 * PICTURE);
  expect(feed.timeOf(seconds + 4e-6)).toBe(START + 7 * PICTURE);
});

test("a GOP that grows is gone on with; one that was left half fed is fed anew", async () => {
  const [growing, other] = [gops([0])[0], gops([5])[0]];
  if (!growing || !other) throw new Error("no GOPs");
  const rest = growing.fragments.splice(1);
  expect(await fed([growing])).toEqual(["header", 0]);
  growing.fragments.push(...rest.slice(0, 1));
  expect(await fed([growing])).toEqual([1]);
  growing.fragments.push(...gop5(11));
  await fed([other]);
  expect((await fed([growing]))[0]).toBe(0);
});

test("after clearing nothing counts as held before it is out", async () => {
  await fed(gops([0, 1]));
  feed.clear();
  expect(feed.holds(START)).toBe(false);
  expect(await fed(gops([3]))).toEqual(["abort", "remove", 30, 31]);
  expect([feed.holds(START), feed.holds(at(3))]).toEqual([false, true]);
});

test("where the browser is full, what is far from the position goes", async () => {
  await fed(gops([0, 200, 201]), at(200));
  const buffer = FakeMediaSource.all.at(-1)?.buffer;
  if (!buffer) throw new Error("no buffer");
  buffer.isFull = true;
  const done = await fed(gops([202]), at(202));
  expect(done).toEqual(["remove", 2020, 2021]);
  expect([feed.holds(START), feed.holds(at(200)), feed.holds(at(202))]).toEqual([false, true, true]);
});

test("what the browser took out by itself is fed again", async () => {
  const wanted = gops([0, 1]);
  await fed(wanted);
  const buffer = FakeMediaSource.all.at(-1)?.buffer;
  if (buffer) buffer.ranges = [[at(1), at(2)]];
  expect(await fed(wanted)).toEqual([0, 1]);
});

test("footage that is coded otherwise is told to the browser", async () => {
  await fed(gops([0]));
  expect(await fed(gops([1], header(entry("avc1", "avcC", [1, 0x42, ...AVCC.slice(2)]))))).toEqual(['video/mp4; codecs="avc1.42001F"', "header", 10, 11]);
});

test("what the browser does not play is refused", async () => {
  FakeMediaSource.knows = () => false;
  await fed(gops([0]));
  FakeMediaSource.knows = (type) => type.includes("avc1");
  expect(refused.map(({ name }) => name)).toEqual(["H.264"]);
});

/** The `moof` and `mdat` of a fragment with one picture. */
function gop5(pictures: number): Uint8Array[] {
  return new FragmentParser().push(Uint8Array.from([...header(), ...gop(START + pictures * PICTURE, 1)])).map(({ bytes }) => bytes);
}
