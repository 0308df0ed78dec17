// @vitest-environment happy-dom
// Pictures from the last to the first.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeDecoder, fakeCodecs } from "../fakes/codecs";
import { FakeRecorder, PICTURE, START } from "../fakes/footage";
import { FakeServer } from "../fakes/server";
import { FakeVideoFrame } from "../fakes/video";
import { Backwards } from "./backwards";
import { Footage } from "./footage";
import { RecordingServer } from "./server";

let recorder: FakeRecorder;
let footage: Footage;
let source: Backwards;
const at = (pictures: number): number => START + pictures * PICTURE;
const pictures = (time: number): number => (time - START) / PICTURE;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] });
  fakeCodecs();
  FakeVideoFrame.reset();
  const server = new FakeServer();
  recorder = new FakeRecorder();
  server.on(/\/fragments\?/, recorder.fragments).on(/\/api\/recordings\?/, recorder.list);
  footage = new Footage(new RecordingServer({ base: "http://razz", token: null }, 7), false, () => undefined);
  source = new Backwards(footage, () => undefined, () => undefined);
});
afterEach(() => {
  source.stop();
  footage.stop();
  expect(FakeVideoFrame.open.size, "all pictures are closed").toBe(0);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function pass(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) {
    await vi.advanceTimersByTimeAsync(0);
    await new Promise((resolve) => { setImmediate(resolve); });
  }
}

/** The footage from this picture on is here, and not what is before it. */
async function here(from: number): Promise<void> {
  footage.readUntil(at(from + 25), at(from));
  footage.readFrom({ time: at(from) });
  await pass();
}

/** The pictures before `from`, as many as `count`. */
async function back(from: number, count: number): Promise<number[]> {
  const all: number[] = [];
  let time = at(from);
  for (let tries = 0; all.length < count && tries < 200; tries++) {
    const before = source.before(time);
    if (before) all.push(pictures((time = before.sample.time)));
    else await pass();
  }
  return all;
}

test("over the borders of GOPs, also of those that are not here yet", async () => {
  await here(100);
  const expected = Array.from({ length: 95 }, (_, n) => 99 - n);
  expect(await back(100, 95)).toEqual(expected);
});

test("what was shown lately is kept for going forwards again, and no more than a bound", async () => {
  await here(100);
  await back(120, 40);
  expect(FakeVideoFrame.open.size).toBeLessThanOrEqual(61);
  const after = source.after(at(80));
  expect(after && pictures(after.sample.time)).toBe(81);
});

test("ends at the beginning of all that is recorded", async () => {
  await here(0);
  expect(await back(5, 5)).toEqual([4, 3, 2, 1, 0]);
  expect(source.before(at(0))).toBeNull();
  await pass();
  expect(source.before(at(0))).toBeNull();
  expect([source.isFirst(at(0)), source.isFirst(at(1))]).toEqual([true, false]);
  // That is asked once.
  recorder.asked.splice(0);
  source.before(at(0));
  source.before(at(3));
  await pass();
  expect(recorder.asked).toEqual([]);
});

test("a picture that does not come out of the decoder is left out", async () => {
  await here(0);
  FakeDecoder.damaged = Math.round((2 * PICTURE * 100) / 9);
  expect(await back(5, 4)).toEqual([4, 3, 1, 0]);
});
