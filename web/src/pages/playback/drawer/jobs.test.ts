// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeServer, settled } from "../../../media/fakes/server";
import type { ExportInfo } from "../../../wire";

const moment = { unix: 0, media_time: "0" };
const one = (id: string, state: ExportInfo["state"], progress = 0): ExportInfo => ({
  id, name: `Export ${id}`, state, progress, remaining_s: null, cameras: [1], from: moment, to: moment, format: "player", blurred: false,
  made: 0, by: null, error: null, bytes: 0, file: null, expires: null,
});

let server: FakeServer;
let list: ExportInfo[];

/** The page as it is when it has just been loaded. */
async function page() {
  vi.resetModules();
  const [jobs, state, { BUSY }] = await Promise.all([import("./jobs"), import("../state"), import("../side")]);
  return { ...jobs, state, isBusyKept: () => localStorage.getItem(BUSY) !== null };
}

const passed = async (ms: number): Promise<void> => {
  await vi.advanceTimersByTimeAsync(ms);
  await settled();
};

beforeEach(() => {
  vi.useFakeTimers();
  localStorage.clear();
  server = new FakeServer();
  server.on(/^GET api\/exports$/, (request) => void request.answer(200, { exports: list }));
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test("looks every second while something is made, tells when it is done, and looks no more", async () => {
  list = [one("a", "running", 0.25), one("b", "done")];
  const { look, state, isBusyKept } = await page();
  void look();
  await passed(0);
  expect([state.exporting.value, isBusyKept()]).toEqual([0.25, true]);
  list = [one("a", "done", 1), one("b", "done")];
  await passed(1_000);
  expect([state.exporting.value, state.said.value, isBusyKept()]).toEqual([null, "The export Export a is done.", false]);
  await passed(10_000);
  expect(server.to(/exports/)).toHaveLength(2);
});

test("what is begun is on the list at once, and looked at", async () => {
  list = [one("c", "running", 0.5)];
  server.on(/^POST api\/exports$/, (request) => void request.answer(201, one("c", "waiting")));
  const { begin, exported, state } = await page();
  await begin({ cameras: [1], from: "1", to: "2", format: "player" });
  expect(exported.value?.map(({ id }) => id)).toEqual(["c"]);
  await passed(0);
  expect(state.exporting.value).toBe(0.5);
});

test.each<[string, number, string[], string]>([
  ["is gone", 204, [], ""],
  ["was gone already", 404, [], ""],
  ["stays where the server refuses", 403, ["d"], "you may not"],
])("what is deleted %s", async (_, status, ids, words) => {
  list = [one("d", "done")];
  server.on(/^DELETE api\/exports\/d$/, (request) => {
    if (status === 204) request.respond(new Response(null, { status }));
    else void request.problem(status, "you may not");
  });
  const { look, drop, exported, exportTrouble } = await page();
  void look();
  await passed(0);
  await drop("d");
  expect([exported.value?.map(({ id }) => id), exportTrouble.value]).toEqual([ids, words]);
});

test("a server that has none is asked once", async () => {
  server.on(/^GET api\/exports$/, (request) => void request.problem(404, "no recordings"));
  const { look, exportTrouble } = await page();
  void look();
  await passed(20_000);
  expect([server.to(/exports/).length, exportTrouble.value]).toEqual([1, "no recordings"]);
});
