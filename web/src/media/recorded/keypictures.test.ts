// @vitest-environment happy-dom
// Key pictures alone, fast either way.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { fakeCodecs } from "../fakes/codecs";
import { FakeRecorder, PICTURE, START } from "../fakes/footage";
import { FakeServer } from "../fakes/server";
import { FakeVideoFrame } from "../fakes/video";
import { Footage } from "./footage";
import { KeyPictures, type Found } from "./keypictures";
import { RecordingServer } from "./server";

const GOP = 10 * PICTURE;
let recorder: FakeRecorder;
let footage: Footage;
let source: KeyPictures;
const at = (gops: number): number => START + gops * GOP;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] });
  fakeCodecs();
  FakeVideoFrame.reset();
  const server = new FakeServer();
  recorder = new FakeRecorder();
  server.on(/\/fragments\?/, recorder.fragments).on(/\/api\/recordings\?/, recorder.list);
  footage = new Footage(new RecordingServer({ base: "http://razz", token: null }, 7), true, () => undefined);
  footage.readUntil(Infinity, START);
  source = new KeyPictures(footage, () => undefined, () => undefined);
});
afterEach(() => {
  source.stop();
  footage.stop();
  expect(FakeVideoFrame.open.size, "all pictures are closed").toBe(0);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function pass(ms = 0): Promise<void> {
  for (let turn = 0; turn < 5; turn++) {
    await vi.advanceTimersByTimeAsync(turn === 0 ? ms : 0);
    await new Promise((resolve) => { setImmediate(resolve); });
  }
}

/** What is found at a position, in GOPs, while `shown` is on the screen. */
async function found(position: number, shown: number, rate: number): Promise<Found> {
  let answer = source.at(at(position), at(shown), rate);
  // It is fetched first, and then decoded.
  for (let looks = 0; looks < 5 && !answer.picture; looks++) {
    await pass();
    answer = source.at(at(position), at(shown), rate);
  }
  if (answer.picture) {
    source.take();
    answer.picture.image.close();
  }
  return answer;
}
const gop = ({ picture }: Found): number | null => (picture ? (picture.sample.time - START) / GOP : null);

test("forwards the newest that is due is found, and those between are not decoded", async () => {
  expect(gop(await found(1.5, 0, 8))).toBe(1);
  expect(gop(await found(7.2, 1, 8))).toBe(7);
  expect(recorder.asked.every((asked) => asked.endsWith("k"))).toBe(true);
  expect(gop(await found(7.9, 7, 8)), "it is on the screen").toBeNull();
});

test("backwards what is before is fetched", async () => {
  expect(gop(await found(29.5, 30, -8))).toBe(29);
  expect(gop(await found(20.1, 29, -8))).toBe(20);
  expect(gop(await found(0, 20, -8))).toBe(0);
  await found(-1, 0, -8);
  expect(await found(-1, 0, -8)).toMatchObject({ hold: START, isEnd: true });
});

test("at the end of what is recorded the position goes no further", async () => {
  await found(59.5, 50, 16);
  await pass(1_000);
  expect(await found(65, 59, 16)).toMatchObject({ hold: at(59), isEnd: true });
});

test("a hole is skipped", async () => {
  const beyond = START + 90_000 * 5000;
  recorder.spans = [{ from: START, until: at(3) }, { from: beyond, until: beyond + 2 * GOP }];
  await found(2, 0, 8);
  await pass(1_000);
  await pass(1_000);
  expect(source.at(at(4), at(2), 8)).toEqual({ hole: { from: at(2) + PICTURE, to: beyond } });
  expect(source.at(beyond - 1, beyond, -8)).toMatchObject({});
});
