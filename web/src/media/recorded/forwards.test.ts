// @vitest-environment happy-dom
// Pictures in their order, decoded a little ahead.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { FakeDecoder, fakeCodecs } from "../fakes/codecs";
import { FakeRecorder, fragment, gop, header, PICTURE, START } from "../fakes/footage";
import { FakeServer, settled } from "../fakes/server";
import { FakeVideoFrame } from "../fakes/video";
import { Footage } from "./footage";
import { FragmentParser } from "./fmp4";
import { Forwards } from "./forwards";
import { RecordingServer } from "./server";

let footage: Footage;
let source: Forwards;
let keys: number[] = [];
let isBroken = false;
const at = (pictures: number): number => START + pictures * PICTURE;
const pictures = (time: number | undefined): number | null => (time === undefined ? null : (time - START) / PICTURE);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] });
  fakeCodecs();
  FakeVideoFrame.reset();
  const server = new FakeServer();
  const recorder = new FakeRecorder();
  server.on(/\/fragments\?/, recorder.fragments).on(/\/api\/recordings\?/, recorder.list);
  footage = new Footage(new RecordingServer({ base: "http://razz", token: null }, 7), false, () => undefined);
  keys = [];
  isBroken = false;
  source = new Forwards(footage, ({ sample }) => keys.push((sample.time - START) / PICTURE), () => { isBroken = true; });
});
afterEach(() => {
  source.stop();
  footage.stop();
  expect(FakeVideoFrame.open.size, "all pictures are closed").toBe(0);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** These GOPs of ten pictures are here. */
function here(count: number): void {
  let open = null;
  const bytes = Array.from({ length: count }, (_, n) => gop(at(10 * n), 10)).flat();
  for (const fragment of new FragmentParser().push(Uint8Array.from([...header(), ...bytes]))) open = footage.gops.add(fragment, open);
}

function begin(target: number, isBehind = false): void {
  const found = footage.gops.at(at(target));
  if (!found) throw new Error("it is not here");
  source.begin(found, at(target), isBehind);
  source.pump(0);
}

/** What comes when so many are taken. */
async function taken(count: number): Promise<(number | null)[]> {
  const all: (number | null)[] = [];
  for (let n = 0; n < count; n++) {
    await settled();
    source.pump(performance.now());
    await settled();
    const picture = source.take();
    all.push(pictures(picture?.sample.time));
    picture?.image.close();
  }
  return all;
}

test.each([
  { target: 0, first: [0, 1, 2] },
  { target: 4, first: [4, 5, 6] },
  { target: 4.5, first: [4, 5, 6] },
  { target: 9, first: [9, 10, 11] },
  { target: 19.9, first: [19, 20, 21] },
])("from $target on they are $first, over the borders of GOPs", async ({ target, first }) => {
  here(3);
  begin(target);
  expect(await taken(3)).toEqual(first);
});

test("behind a picture begins the next one", async () => {
  here(2);
  begin(4, true);
  expect(await taken(2)).toEqual([5, 6]);
});

test("the key picture on the way is shown at once", async () => {
  here(2);
  begin(7);
  await settled();
  expect(keys).toEqual([0]);
  begin(10);
  await settled();
  expect(keys, "not where it is the one that is wanted").toEqual([0]);
});

test("no more are open than a decoder lends", async () => {
  here(6);
  begin(0);
  for (let turn = 0; turn < 50; turn++) {
    source.pump(turn * 20);
    await settled();
    expect(FakeVideoFrame.open.size).toBeLessThanOrEqual(12);
  }
  expect(pictures(source.next?.sample.time)).toBe(0);
  expect(pictures(source.second?.sample.time)).toBe(1);
});

describe("a decoder", () => {
  test("that holds pictures back is given more of them", async () => {
    FakeDecoder.holdsBack = 12;
    here(4);
    begin(0);
    for (let ms = 0; ms < 2_000; ms += 50) {
      source.pump(ms);
      await settled();
    }
    expect(pictures(source.next?.sample.time)).toBe(0);
  });

  test("that fails is replaced, from the key picture on, and the software's is asked for", async () => {
    here(2);
    begin(3);
    expect(await taken(2)).toEqual([3, 4]);
    FakeDecoder.all.at(-1)?.fail();
    expect(await taken(2)).toEqual([5, 6]);
    expect(FakeDecoder.all.at(-1)?.configs.at(-1)).toMatchObject({ codec: "avc1.64001F", hardwareAcceleration: "prefer-software", optimizeForLatency: true });
    expect(isBroken).toBe(false);
  });

  test("that never gives anything is given up", async () => {
    FakeDecoder.isSilent = true;
    here(2);
    begin(0);
    for (let ms = 0; ms < 20_000; ms += 100) {
      source.pump(ms);
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(isBroken).toBe(true);
  });
});

test("at the end of the footage the last pictures come out, and go on when there is more", async () => {
  FakeDecoder.holdsBack = 3;
  footage.readUntil(Infinity, START);
  footage.readFrom({ time: at(590) });
  for (let turn = 0; turn < 10; turn++) {
    await vi.advanceTimersByTimeAsync(turn === 5 ? 1_000 : 0);
    await new Promise((resolve) => { setImmediate(resolve); });
  }
  expect(footage.ended).toBe(true);
  begin(597);
  expect(await taken(4)).toEqual([597, 598, 599, null]);
  expect(source.isAtEnd).toBe(true);
  // The last GOP goes on: it is decoded anew, and nothing comes twice.
  const last = footage.gops.at(at(590));
  const [grown] = new FragmentParser().push(Uint8Array.from([...header(), ...fragment(at(600), [{}, {}, {}, {}])]));
  if (!last || !grown) throw new Error("nothing to go on with");
  footage.gops.add(grown, last);
  expect(await taken(3)).toEqual([600, 601, 602]);
});
