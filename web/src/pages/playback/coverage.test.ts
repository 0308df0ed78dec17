import { expect, test } from "vitest";
import { extent, gapBeside, lockAt, merged, nextFootage, previousFootage, seenAt, unixOf, visitBeside, whatIsAt, type Coverage } from "./coverage";
import type { CameraRecordings, Reason, RecordingLock, Moment, Recordings, Visit } from "./recordings";

const moment = (unix: number): Moment => ({ unix, media_time: String(unix * 90_000) });
type Piece = [number, number];

/** An answer about camera 1. */
function answer(spans: Piece[], gaps: [number, number, Reason][] = [], more: Partial<CameraRecordings> = {}): Recordings {
  const camera: CameraRecordings = {
    camera_id: 1, state: "recording", reason: null, error: null, oldest: moment(0), newest: moment(1_000), bytes: 0,
    spans: spans.map(([from, to]) => ({ from: moment(from), to: moment(to), bytes: 1 })),
    gaps: gaps.map(([from, to, reason]) => ({ from: moment(from), to: moment(to), reason })),
    locks: [], density: { from: 0, step: 1, classes: {} },
    ...more,
  };
  return { now: 1_000, error: null, key: null, room: { used: 0, free: 0, days: null }, cameras: [camera] };
}

/** What is known after these answers, each for a part of time. */
function known(...answers: [Piece, Recordings][]): Coverage {
  return answers.reduce<Coverage>((coverage, [[from, to], one]) => merged(coverage, one, from, to), new Map());
}
const spansOf = (coverage: Coverage): Piece[] => (coverage.get(1)?.spans ?? []).map(({ from, to }) => [from, to]);

test.each<[string, [Piece, Recordings][], Piece[]]>([
  ["pieces that follow each other are one", [[[0, 50], answer([[0, 50]])], [[50, 100], answer([[50, 100]])]], [[0, 100]]],
  ["in any order", [[[50, 100], answer([[50, 100]])], [[0, 50], answer([[0, 50]])]], [[0, 100]]],
  ["a hole stays a hole", [[[0, 100], answer([[0, 40], [60, 100]])]], [[0, 40], [60, 100]]],
  ["what came later is true: footage that is gone", [[[0, 100], answer([[0, 100]])], [[20, 60], answer([[40, 60]])]], [[0, 20], [40, 100]]],
  ["the live end grows", [[[0, 100], answer([[0, 80]])], [[50, 150], answer([[50, 95]])]], [[0, 95]]],
  ["the same again changes nothing", [[[0, 100], answer([[10, 90]])], [[0, 100], answer([[10, 90]])]], [[10, 90]]],
  ["what has been deleted is forgotten outside the answer too", [[[0, 100], answer([[0, 100]])], [[200, 300], answer([[200, 300]], [], { oldest: moment(150) })]], [[200, 300]]],
  ["a camera that lost everything", [[[0, 100], answer([[0, 100]])], [[200, 300], answer([], [], { oldest: null, newest: null })]], []],
])("%s", (_, answers, spans) => {
  expect(spansOf(known(...answers))).toEqual(spans);
});

test("gaps with one reason are one, those with two are two", () => {
  const coverage = known([[0, 50], answer([], [[0, 50, "crash"]])], [[50, 100], answer([], [[50, 80, "crash"], [80, 100, "off"]])]);
  expect(coverage.get(1)?.gaps).toEqual([{ from: 0, to: 80, reason: "crash" }, { from: 80, to: 100, reason: "off" }]);
});

test("answers of other cameras stay", () => {
  const coverage = known([[0, 50], answer([[0, 50]])]);
  const other = answer([[10, 20]], [], { camera_id: 2 });
  expect([...merged(coverage, other, 0, 50).keys()]).toEqual([1, 2]);
});

const some = known([[0, 1_000], answer([[100, 200], [300, 400]], [[200, 300, "camera_gone"]])]).get(1);

test.each([[150, "footage"], [100, "footage"], [200, "gap"], [399.9, "footage"], [50, "nothing"], [405, "footage"], [450, "nothing"]])("at %d there is %s", (t, kind) => {
  expect(whatIsAt(some, t).kind).toBe(kind);
});

test("the index is some seconds late where a camera records, and nowhere else", () => {
  const stopped = known([[0, 1_000], answer([[100, 400]], [], { state: "stopped" })]).get(1);
  expect(whatIsAt(stopped, 405).kind).toBe("nothing");
  expect(whatIsAt(undefined, 405).kind).toBe("nothing");
});

test("footage, gaps and visits beside a moment", () => {
  const all = some ? [some] : [];
  expect([nextFootage(all, 150), nextFootage(all, 50), nextFootage(all, 350)]).toEqual([300, 100, null]);
  expect([previousFootage(all, 250), previousFootage(all, 450), previousFootage(all, 50)]).toEqual([200, 400, null]);
  expect([gapBeside(all, 100, 1)?.from, gapBeside(all, 199.9, 1), gapBeside(all, 320, -1)?.from, gapBeside(all, 300.1, -1)]).toEqual([200, null, 200, null]);
  const visit = (from: number): Visit => ({ id: `1-${from}`, camera_id: 1, track_id: 1, class: "person", from: moment(from), to: moment(from + 5), best: moment(from + 1), confidence: 1, bbox: [0, 0, 1, 1], frame_size: [2, 2], locked: false });
  const visits = [visit(300), visit(100), visit(200)];
  expect([visitBeside(visits, 100, 1), visitBeside(visits, 300, -1), visitBeside(visits, 150, -1)].map((one) => one?.from.unix)).toEqual([200, 200, 100]);
  expect([visitBeside(visits, 300, 1), visitBeside(visits, 100, -1), visitBeside([], 1, 1)]).toEqual([null, null, null]);
  expect(visits.map(({ from }) => from.unix), "the list stays as it was").toEqual([300, 100, 200]);
});

test("a frame's name leads to its time by the camera's own clock, which runs fast here", () => {
  const one = answer([[1_000, 2_000]]);
  const [span] = one.cameras[0]?.spans ?? [];
  if (span) [span.from.media_time, span.to.media_time] = ["90000000", "180900000"];
  const footage = known([[0, 3_000], one]).get(1);
  expect(unixOf({ unix: 0, mediaTime: "90000000" }, footage)).toBe(1_000);
  expect(unixOf({ unix: 0, mediaTime: "135450000" }, footage)).toBe(1_500);
  expect(unixOf({ unix: 7, mediaTime: "300000000" }, footage), "outside of what is known, as it was").toBe(7);
  expect(unixOf({ unix: 7, mediaTime: null }, footage)).toBe(7);
  const halves = known([[0, 3_000], one], [[1_500, 1_600], answer([[1_500, 1_600]])]).get(1);
  expect(unixOf({ unix: 0, mediaTime: "108180000" }, halves), "a part that was asked for again leaves the rest true").toBeCloseTo(1_200, 3);
});

test("what was seen at a moment, by the newest answer that knows", () => {
  const density = (from: number, step: number, person: number[]): Partial<CameraRecordings> => ({ density: { from, step, classes: { person, car: [0] } } });
  const footage = known([[0, 100], answer([], [], density(0, 10, [1, 2, 3]))], [[10, 12], answer([], [], density(10, 1, [7, 0]))]).get(1);
  expect([5, 10.5, 11.5, 25, 30].map((t) => seenAt(footage, t).get("person"))).toEqual([1, 7, undefined, 3, undefined]);
  expect([...seenAt(footage, 5).keys()]).toEqual(["person"]);
});

test("from the first to the last of all", () => {
  const coverage = merged(known([[0, 10], answer([[5, 10]])]), answer([], [], { camera_id: 2, oldest: moment(-50), newest: moment(20) }), 0, 10);
  expect(extent(coverage)).toEqual({ oldest: -50, newest: 1_000 });
  expect(extent(new Map())).toBeNull();
});

const locked = (id: number, from: number, to: number): RecordingLock => ({ id, from: moment(from), to: moment(to), note: "", by: null, made: 0 });

test.each<[string, [Piece, Recordings][], number[]]>([
  ["those of the answer", [[[0, 100], answer([], [], { locks: [locked(1, 10, 20)] })]], [1]],
  ["elsewhere they stay", [[[0, 100], answer([], [], { locks: [locked(1, 10, 20)] })], [[200, 300], answer([], [], { locks: [locked(2, 210, 220)] })]], [1, 2]],
  ["what was unlocked is gone", [[[0, 100], answer([], [], { locks: [locked(1, 10, 20)] })], [[0, 50], answer([])]], []],
  ["one that reaches beyond is there once", [[[0, 100], answer([], [], { locks: [locked(1, 50, 150)] })], [[100, 200], answer([], [], { locks: [locked(1, 50, 150)] })]], [1]],
])("locks: %s", (_, answers, ids) => {
  expect(known(...answers).get(1)?.locks.map(({ id }) => id)).toEqual(ids);
});

test("a lock holds what lies between its ends", () => {
  const footage = known([[0, 100], answer([], [], { locks: [locked(3, 10, 20)] })]).get(1);
  expect([9.9, 10, 19.9, 20].map((t) => lockAt(footage, t)?.id)).toEqual([undefined, 3, 3, undefined]);
});
