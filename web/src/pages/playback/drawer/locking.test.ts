// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeServer } from "../../../media/fakes/server";
import type { Coverage, Footage, Lock } from "../coverage";
import { coverage } from "../state";
import { lockAll, locksIn, unlock } from "./locking";

const lock = (id: number, from: number, to: number): Lock => ({ id, from, to, note: "", by: null });
const footage = (...locks: Lock[]): Footage => ({ spans: [], gaps: [], locks, densities: [], state: "recording", reason: null, error: null, oldest: 0, newest: 100 });
const known: Coverage = new Map([[1, footage(lock(1, 10, 20), lock(2, 80, 90))], [2, footage(lock(7, 5, 15))]]);
const moment = (unix: number): object => ({ unix, media_time: String(unix * 90_000) });
const idsOf = (camera: number): number[] => coverage.value.get(camera)?.locks.map(({ id }) => id) ?? [];

let server: FakeServer;
beforeEach(() => {
  server = new FakeServer();
  coverage.value = known;
});
afterEach(() => { vi.unstubAllGlobals(); });

test.each<[string, number[], [number, number], number[]]>([
  ["of one camera", [1], [0, 100], [1, 2]],
  ["of two, by their beginnings", [1, 2], [0, 100], [7, 1, 2]],
  ["those in sight", [1, 2], [12, 50], [7, 1]],
  ["of a camera that is not known", [3], [0, 100], []],
])("lists locks %s", (_, cameras, [from, to], ids) => {
  expect(locksIn(known, cameras, { from, to }).map(({ id }) => id)).toEqual(ids);
});

test("locks a span of two cameras, of which one has nothing there", async () => {
  server.on(/recordings\/1\/locks$/, (request) => void request.answer(201, { id: 9, from: moment(30), to: moment(40), note: "why", by: "anna", made: 0 }));
  server.on(/recordings\/2\/locks$/, (request) => void request.problem(404, "nothing is recorded there"));
  expect(await lockAll([1, 2], { from: 30, to: 40 }, " why ")).toMatchObject({ ok: true });
  expect(server.requests.map(({ body }) => body)).toEqual(Array(2).fill(JSON.stringify({ from: "30.000", to: "40.001", note: "why" })));
  expect([idsOf(1), idsOf(2)]).toEqual([[1, 2, 9], [7]]);
});

test("a refusal is told, and locks nothing more", async () => {
  server.on(/locks$/, (request) => void request.problem(403, "you may not"));
  expect(await lockAll([1, 2], { from: 30, to: 40 }, "")).toMatchObject({ ok: false, words: "you may not" });
  expect(server.requests).toHaveLength(1);
});

test.each<[string, number, string, number[]]>([
  ["it is gone", 204, "", [2]],
  ["it was gone", 404, "", [2]],
  ["it is refused", 403, "you may not", [1, 2]],
])("unlocks: %s", async (_, status, words, ids) => {
  server.on(/^DELETE api\/recordings\/1\/locks\/1$/, (request) => {
    if (status === 204) request.respond(new Response(null, { status }));
    else void request.problem(status, "you may not");
  });
  expect(await unlock({ ...lock(1, 10, 20), camera: 1 })).toBe(words);
  expect(idsOf(1)).toEqual(ids);
});
