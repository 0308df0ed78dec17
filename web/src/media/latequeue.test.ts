// Frames kept until their tracks can be there.
import { expect, test } from "vitest";
import type { PresentedFrame } from "./frames";
import { LateQueue, missingMs } from "./latequeue";

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
  queue.add(frame(1, open), 100);
  queue.add(frame(2, open), 90); // not before the one before it
  queue.add(frame(3, open), 130);
  queue.drain(95, draw);
  expect(drawn).toEqual([]);
  queue.drain(100, draw);
  expect(drawn).toEqual([1, 2]);
  queue.drain(200, draw);
  expect(drawn).toEqual([1, 2, 3]);
  expect([queue.size, open.count]).toEqual([0, 0]);
  queue.add(frame(4, open), 300);
  queue.clear();
  expect([queue.size, open.count]).toEqual([0, 0]);
});

test("never more than twelve frames are kept", () => {
  const open = { count: 0 };
  const queue = new LateQueue();
  for (let rtp = 0; rtp < 40; rtp++) {
    queue.add(frame(rtp, open), 1000);
    queue.drain(0, () => undefined);
    expect(queue.size).toBeLessThanOrEqual(12);
  }
  expect(open.count).toBe(queue.size);
});
