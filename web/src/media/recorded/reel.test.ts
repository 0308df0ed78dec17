// The way along footage, either way.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeRecorder, PICTURE, START } from "../fakes/footage";
import { FakeServer } from "../fakes/server";
import { Footage } from "./footage";
import type { Gop } from "./gops";
import { Reel } from "./reel";
import { RecordingServer } from "./server";

const GOP = 10 * PICTURE;
const at = (gops: number): number => START + gops * GOP;
let recorder: FakeRecorder;
let reel: Reel;
let changes = 0;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] });
  const server = new FakeServer();
  recorder = new FakeRecorder();
  server.on(/\/fragments\?/, recorder.fragments).on(/\/api\/recordings\?/, recorder.list);
  changes = 0;
  reel = new Reel(new Footage(new RecordingServer({ base: "http://razz", token: null }, 7), false, () => undefined), () => changes++);
  reel.footage.readUntil(at(12), at(10));
  reel.footage.readFrom({ time: at(10) });
  await pass();
  recorder.asked.splice(0);
});
afterEach(() => {
  reel.footage.stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function pass(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) {
    await vi.advanceTimersByTimeAsync(0);
    await new Promise((resolve) => { setImmediate(resolve); });
  }
}

function first(): Gop {
  const { begun } = reel.footage;
  if (!begun) throw new Error("nothing came");
  return begun;
}

test.each([
  { time: 10, direction: 1, found: 10.1 },
  { time: 10.9, direction: 1, found: 11 },
  { time: 10.5, direction: -1, found: 10.4 },
] as const)("beside $time, going $direction, is $found", ({ time, direction, found }) => {
  const picture = reel.beside(first(), Math.round(at(time)), direction, 4);
  expect(picture && (picture.time - START) / GOP).toBeCloseTo(found, 6);
});

test("what is before is fetched, once, and told when it is there", async () => {
  expect(reel.beside(first(), at(10), -1, 2)).toBeNull();
  reel.fetch(first(), -1, 2);
  expect(recorder.asked).toHaveLength(1);
  await pass();
  expect(changes).toBe(1);
  expect(reel.beside(first(), at(10), -1, 2)?.time).toBe(at(10) - PICTURE);
  expect(reel.along(first(), -1, 0).map(({ from }) => (from - START) / GOP)).toEqual([10, 9, 8]);
});

test("what comes after is listed up to a time", () => {
  expect(reel.along(first(), 1, at(13)).map(({ from }) => (from - START) / GOP)).toEqual([10, 11, 12]);
});

test("at the beginning nothing is asked again, until it is left", async () => {
  recorder.spans = [{ from: at(10), until: at(60) }];
  reel.fetch(first(), -1, 2);
  await pass();
  expect(reel.isAtBeginning).toBe(true);
  recorder.asked.splice(0);
  reel.fetch(first(), -1, 2);
  expect(recorder.asked).toEqual([]);
  reel.leave();
  expect(reel.isAtBeginning).toBe(false);
});

test("pictures in their order are not reordered", () => {
  expect(reel.isReordered(at(10))).toBe(false);
});
