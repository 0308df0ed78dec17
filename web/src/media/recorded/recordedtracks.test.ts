// The tracks of recorded frames: their own, and those led from one detection to the next.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { TrackEntry, TrackMessage } from "../../wire";
import { PICTURE, START, UNIX } from "../fakes/footage";
import { FakeServer, settled } from "../fakes/server";
import { message, track } from "../fakes/tracks";
import { rtpOf } from "./moment";
import { RecordedTracks } from "./recordedtracks";
import { RecordingServer } from "./server";

let server: FakeServer;
let tracks: RecordedTracks;
const classes: string[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  vi.setSystemTime((UNIX + 3600) * 1000);
  server = new FakeServer();
  classes.length = 0;
  tracks = new RecordedTracks(new RecordingServer({ base: "http://razz", token: null }, 7), () => undefined, (name) => classes.push(name));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const at = (pictures: number): number => START + pictures * PICTURE;
const detected = (pictures: number, entries: TrackEntry[], changes: Partial<TrackMessage> = {}): TrackMessage =>
  message(rtpOf(at(pictures)), entries, { media_time: String(at(pictures)), ...changes });
const moved = (left: number, changes: Partial<TrackEntry> = {}): TrackEntry => track({ bbox: [left, 200, left + 200, 600], center: [left + 100, 400], ...changes });

/** The server answers with these, and what is found at a frame so many pictures after the start. */
async function told(frames: TrackMessage[]): Promise<(pictures: number) => ReturnType<RecordedTracks["lookup"]>> {
  server.on(/\/tracks\?/, (request) => void request.answer(200, { frames }));
  tracks.knows(at(0), 0);
  await settled();
  return (pictures) => {
    tracks.near = at(pictures);
    return tracks.lookup(rtpOf(at(pictures)));
  };
}

describe("a frame", () => {
  test.each([
    { what: "that was detected", pictures: 0, left: 100, state: "matched", age: 0 },
    { what: "half way", pictures: 3, left: 130, state: "predicted", age: 0 },
    { what: "a third of the way", pictures: 2, left: 120, state: "predicted", age: 0 },
    { what: "of the next detection", pictures: 6, left: 160, state: "matched", age: 0 },
  ])("$what has its own box", async ({ pictures, left, state, age }) => {
    const find = await told([detected(0, [moved(100)]), detected(6, [moved(160)])]);
    const { mode, from, tracks: [only] } = find(pictures);
    expect([mode, from?.rtp]).toEqual(["exact", rtpOf(at(pictures))]);
    expect(only && [only.bbox[0], only.center[0], only.state, only.age_ms]).toEqual([left, left + 100, state, age]);
  });

  test.each([
    { what: "objects that one detection has alone", frames: [detected(0, [moved(100, { track_id: 1 })]), detected(6, [moved(160, { track_id: 2 })])] },
    { what: "detections too far apart", frames: [detected(0, [moved(100)]), detected(61, [moved(160)])] },
    { what: "another size of the camera's pictures", frames: [detected(0, [moved(100)]), detected(6, [moved(160)], { frame_size: [640, 360] })] },
    { what: "nothing detected before it", frames: [detected(6, [moved(100)])] },
    { what: "nothing detected at all", frames: [] },
  ])("between $what has none, and that is exact", async ({ frames }) => {
    const find = await told(frames);
    expect(find(3)).toMatchObject({ mode: "exact", tracks: [] });
  });

  test("whose tracks are of the smaller stream says how near they are", async () => {
    const find = await told([detected(0, [moved(100)], { near_ms: 40 })]);
    expect(find(0)).toMatchObject({ mode: "near", from: { nearMs: 40 } });
  });

  test("is named by its RTP timestamp, near the one that is drawn", async () => {
    await told([detected(0, [moved(100)])]);
    tracks.near = at(2);
    expect(tracks.lookup(rtpOf(at(0))).tracks[0]?.bbox[0]).toBe(100);
  });
});

test("trails lead through the detections to where the object is", async () => {
  await told([detected(-6, [moved(40)]), detected(0, [moved(100)]), detected(6, [moved(160)])]);
  tracks.near = at(3);
  expect(tracks.trails(rtpOf(at(3)), 1500).get(12)).toEqual([[140, 600], [200, 600], [230, 600]]);
});

test("are asked for by spans of half a minute, once, and ahead", async () => {
  server.on(/\/tracks\?/, (request) => void request.answer(200, { frames: [] }));
  expect(tracks.knows(at(0), 8 * 90_000)).toBe(false);
  await settled();
  expect(tracks.knows(at(1), 8 * 90_000)).toBe(true);
  const spans = server.to(/\/tracks\?/).map(({ url }) => Number(new URL(url).searchParams.get("from")?.slice(4)));
  expect(spans.every((from) => from % (30 * 90_000) === 0)).toBe(true);
  expect(new Set(spans).size).toBe(spans.length);
  tracks.knows(at(2), 30 * 90_000);
  expect(server.to(/\/tracks\?/).length).toBe(spans.length + (spans.length === 1 ? 1 : 0));
});

test("of what is recorded now are asked for again, and nobody waits for what the server has not", async () => {
  vi.setSystemTime((UNIX + 5) * 1000);
  let frames = [detected(0, [moved(100)])];
  server.on(/\/tracks\?/, (request) => void request.answer(200, { frames }));
  tracks.knows(at(0), 0);
  await settled();
  tracks.near = at(3);
  expect(tracks.lookup(rtpOf(at(3)))).toMatchObject({ mode: "none" });
  expect(tracks.knows(at(3), 0)).toBe(true);
  frames = [...frames, detected(6, [moved(160)])];
  await vi.advanceTimersByTimeAsync(1_100);
  expect(tracks.knows(at(3), 0)).toBe(false);
  await settled();
  expect(tracks.lookup(rtpOf(at(3)))).toMatchObject({ mode: "exact" });
});

test("that cannot be had are waited for no more, and asked for again", async () => {
  server.on(/\/tracks\?/, (request) => void request.answer(500));
  expect(tracks.knows(at(0), 0)).toBe(false);
  await settled();
  expect(tracks.knows(at(0), 0)).toBe(true);
  tracks.near = at(0);
  expect(tracks.lookup(rtpOf(at(0))).mode).toBe("none");
  await vi.advanceTimersByTimeAsync(1_100);
  expect(tracks.knows(at(0), 0)).toBe(false);
});

test("the camera's size and the classes seen are known by them", async () => {
  await told([detected(0, [moved(100), moved(1, { class: "car" })], { pixel_aspect: [4, 3] })]);
  expect(tracks.stored).toEqual([1280, 720]);
  expect(tracks.proportions(640, 360, null)).toEqual([1707, 720]);
  expect(classes).toEqual(["person", "car"]);
});
