// Frames kept until their tracks can be there.
import { expect, test } from "vitest";
import type { PresentedFrame } from "./frames";
import { LateQueue, missingMs, patienceMs } from "./latequeue";

test.each([
  { wanted: 150, held: 150, missing: 0 },
  { wanted: 150, held: 145, missing: 0 },
  { wanted: 150, held: 200, missing: 0 },
  { wanted: 150, held: 30, missing: 120 },
  { wanted: 400, held: 10, missing: 250 },
  { wanted: 150, held: null, missing: 0 },
])("held $held of $wanted ms: $missing are missing", ({ wanted, held, missing }) => {
  expect(missingMs(wanted, held)).toBe(missing);
});

test.each([
  { held: 150, limit: 400, patience: 50 },
  { held: 370, limit: 400, patience: 30 },
  { held: 400, limit: 400, patience: 0 },
  { held: 900, limit: 400, patience: 0 },
  { held: null, limit: 400, patience: 50 },
  { held: 90, limit: 100, patience: 10 },
  { held: null, limit: 0, patience: 0 },
])("a frame held for $held of $limit ms waits up to $patience ms more", ({ held, limit, patience }) => {
  expect(patienceMs(held, limit)).toBe(patience);
});

const never = () => false;

/** A frame whose image counts how many of it are open. */
function frame(rtp: number, open: { count: number }): PresentedFrame {
  const image = {
    clone: () => {
      open.count++;
      return image;
    },
    close: () => {
      open.count--;
    },
  };
  return {
    image: image as unknown as VideoFrame,
    width: 1,
    height: 1,
    rtp,
    source: "videoframe",
    doubtful: false,
    receivedMs: 0,
    presentedMs: 0,
  };
}

test("frames go on in order, each when it is due, and every image is closed", () => {
  const open = { count: 0 };
  const queue = new LateQueue();
  const drawn: (number | null)[] = [];
  const draw = ({ rtp }: PresentedFrame) => drawn.push(rtp);
  queue.add(frame(1, open), 100, 0);
  queue.add(frame(2, open), 90, 0); // not before the one before it
  queue.add(frame(3, open), 130, 0);
  queue.drain(95, never, draw);
  expect(drawn).toEqual([]);
  queue.drain(100, never, draw);
  expect(drawn).toEqual([1, 2]);
  queue.drain(200, never, draw);
  expect(drawn).toEqual([1, 2, 3]);
  expect([queue.size, open.count]).toEqual([0, 0]);
  queue.add(frame(4, open), 300, 0);
  queue.clear();
  expect([queue.size, open.count]).toEqual([0, 0]);
});

test("a frame that is due waits for its tracks, those behind it with it, but not forever", () => {
  const open = { count: 0 };
  const queue = new LateQueue();
  const drawn: (number | null)[] = [];
  const draw = ({ rtp }: PresentedFrame) => drawn.push(rtp);
  /** The newest frame whose tracks are there. */
  let newest = 0;
  const waits = ({ rtp }: PresentedFrame) => (rtp ?? 0) > newest;
  queue.add(frame(1, open), 100, 50);
  queue.add(frame(2, open), 133, 50);
  queue.add(frame(3, open), 166, 50);
  queue.drain(140, waits, draw);
  expect(drawn).toEqual([]);
  newest = 1;
  queue.drain(141, waits, draw);
  expect(drawn).toEqual([1]);
  queue.drain(183, waits, draw); // its patience is at an end
  expect(drawn).toEqual([1, 2]);
  newest = 3;
  queue.drain(184, waits, draw);
  expect(drawn).toEqual([1, 2, 3]);
  expect([queue.size, open.count]).toEqual([0, 0]);
});

test("never more than twelve frames are kept", () => {
  const open = { count: 0 };
  const queue = new LateQueue();
  for (let rtp = 0; rtp < 40; rtp++) {
    queue.add(frame(rtp, open), 1000, 0);
    queue.drain(0, never, () => undefined);
    expect(queue.size).toBeLessThanOrEqual(12);
  }
  expect(open.count).toBe(queue.size);
});
