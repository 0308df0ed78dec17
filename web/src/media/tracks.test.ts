// Messages of the feed, and the server's clock.
import { expect, test } from "vitest";
import { DetectionDelay } from "./delay";
import { parseMessage, ServerClock } from "./tracks";

const WHOLE = { timestamp: 1, tracks: [], stats: { fps: 1 }, rtp_timestamp: 5, frame_size: null };

test.each([
  { name: "a track message", value: WHOLE, taken: true },
  { name: "one without a frame", value: { ...WHOLE, rtp_timestamp: null }, taken: true },
  { name: "a pong", value: { pong: 1, server_time: 2 }, taken: true },
  { name: "tracks missing", value: { ...WHOLE, tracks: undefined }, taken: false },
  { name: "a timestamp in words", value: { ...WHOLE, rtp_timestamp: "5" }, taken: false },
  { name: "a list", value: [], taken: false },
  { name: "null", value: null, taken: false },
])("$name", ({ value, taken }) => {
  expect(parseMessage(JSON.stringify(value)) !== null).toBe(taken);
});

test("what is no JSON is no message", () => {
  expect(parseMessage("{")).toBeNull();
});

test("the clock offset comes from the ping with the shortest way", () => {
  const clock = new ServerClock();
  expect(clock.offsetMs).toBeNull();
  // Sent at 0, back at 200: the server was 5 s ahead at the middle, as far as such a long way tells.
  clock.pong(0, 1005.1, 200, 1_000_200);
  expect(clock.offsetMs).toBeCloseTo(5_000, 6);
  clock.pong(1_000, 1_005.905, 1_010, 1_001_010);
  expect(clock.offsetMs).toBeCloseTo(4_900, 6);
  clock.pong(2_000, 1_100, 2_300, 1_002_300);
  expect(clock.offsetMs).toBeCloseTo(4_900, 6);
  // An answer before its ping is none.
  clock.pong(5_000, 0, 4_000, 0);
  expect(clock.offsetMs).toBeCloseTo(4_900, 6);
});

test("a frame that waited for its message tells how long a hold it needed", () => {
  const delay = new DetectionDelay();
  delay.await(3000, 100);
  expect(delay.arrived(6000, 150)).toBeNull();
  expect(delay.arrived(3000, 180)).toBe(80);
  expect(delay.arrived(3000, 190)).toBeNull();
  for (let i = 0; i < 1000; i++) delay.await(i, i);
  expect(delay.arrived(0, 2000)).toBeNull();
  expect(delay.arrived(999, 2000)).toBe(1001);
});
