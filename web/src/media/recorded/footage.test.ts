// Footage fetched ahead and behind, over holes and at its growing end.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { FakeRecorder, PICTURE, START } from "../fakes/footage";
import { FakeServer, settled } from "../fakes/server";
import { Footage } from "./footage";
import { endOf } from "./gops";
import { RecordingServer } from "./server";

const GOP = 10 * PICTURE;
let server: FakeServer;
let recorder: FakeRecorder;
let changes = 0;

beforeEach(() => {
  // Streams are read in turns of the loop, which go on by themselves.
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] });
  server = new FakeServer();
  recorder = new FakeRecorder();
  server.on(/\/fragments\?/, recorder.fragments).on(/\/api\/recordings\?/, recorder.list);
  changes = 0;
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function open(keysOnly = false): Footage {
  return new Footage(new RecordingServer({ base: "http://razz", token: "secret" }, 7), keysOnly, () => changes++);
}

/** Time for answers to be read. */
async function pass(ms = 0): Promise<void> {
  for (let turn = 0; turn < 10; turn++) {
    await vi.advanceTimersByTimeAsync(turn === 0 ? ms : 0);
    await settled();
    await new Promise((resolve) => { setImmediate(resolve); });
  }
}

/** The end of what is here in one piece from the first GOP on, in GOPs after the start. */
const reached = (footage: Footage): number | null => footage.begun && (endOf(footage.gops.lastFrom(footage.begun)) - START) / GOP;

test("is asked for with the token, and begins with the GOP of the moment", async () => {
  const footage = open();
  footage.readUntil(Infinity, START);
  footage.readFrom({ time: START + 25 * PICTURE });
  await pass();
  expect(server.requests[0]?.headers.get("Authorization")).toBe("Bearer secret");
  expect(server.requests[0]?.url).toMatch(/^http:\/\/razz\/api\/recordings\/7\/fragments\?from=90k%3A\d+&to=90k%3A\d+$/);
  expect(footage.begun?.from).toBe(START + 2 * GOP);
  expect(changes).toBeGreaterThan(0);
  footage.stop();
});

test("of key pictures alone is asked for as such", async () => {
  const footage = open(true);
  footage.readUntil(Infinity, START);
  footage.readFrom({ unix: START / 90_000 - 1 });
  await pass();
  expect(server.requests[0]?.url).toMatch(/&keys=1$/);
  expect(footage.begun?.samples).toHaveLength(1);
  expect(footage.begun?.next).toBe(START + GOP);
  footage.stop();
});

test("waits where enough is here, and goes on when the position does", async () => {
  recorder.spans = [{ from: START, until: START + 3000 * GOP }];
  // Bytes as they come, so that it can wait between.
  server.on(/\/fragments\?/, (request) => {
    const respond = request.respond.bind(request);
    request.respond = (response) => { respond(inPieces(response)); };
    recorder.fragments(request);
  });
  const footage = open();
  footage.readUntil(START + 5 * GOP, START);
  footage.readFrom({ time: START });
  await pass();
  const first = reached(footage) ?? 0;
  expect(first).toBeGreaterThanOrEqual(5);
  expect(first).toBeLessThan(100);
  footage.readUntil(START + 150 * GOP, START + 140 * GOP);
  await pass();
  expect(reached(footage)).toBeGreaterThanOrEqual(150);
  footage.stop();
});

test("at its end is asked for again every second, from the last key picture on", async () => {
  const footage = open();
  footage.readUntil(Infinity, START);
  footage.readFrom({ time: START + 58 * GOP });
  await pass();
  expect(footage.ended).toBe(false);
  await pass(1000);
  expect([footage.ended, reached(footage)]).toEqual([true, 60]);
  recorder.asked.splice(0);
  recorder.spans = [{ from: START, until: START + 60.5 * GOP }];
  await pass(1000);
  expect(recorder.asked).toEqual([`${(59 * GOP) / 90_000}-${(59 * GOP) / 90_000 + 600}`]);
  expect([footage.ended, reached(footage)]).toEqual([false, 60.5]);
  // The GOP that had begun has gone on.
  recorder.spans = [{ from: START, until: START + 62 * GOP }];
  await pass(1000);
  expect(reached(footage)).toBe(62);
  footage.stop();
});

test("beyond a hole is joined to what is before it", async () => {
  const beyond = START + 90_000 * 5000;
  recorder.spans = [{ from: START, until: START + 3 * GOP }, { from: beyond, until: beyond + 2 * GOP }];
  const footage = open();
  footage.readUntil(Infinity, START);
  footage.readFrom({ time: START });
  await pass();
  await pass(1000);
  await pass(1000);
  expect(footage.gops.get(START + 2 * GOP)?.next).toBe(beyond);
  expect(footage.gops.get(beyond)?.previous).toBe(START + 2 * GOP);
  footage.stop();
});

describe("behind a GOP", () => {
  test("is fetched by some seconds, once", async () => {
    const footage = open();
    footage.readUntil(START + 31 * GOP, START + 30 * GOP);
    footage.readFrom({ time: START + 30 * GOP });
    await pass();
    const gop = footage.begun;
    if (!gop) throw new Error("nothing came");
    recorder.asked.splice(0);
    const before = footage.before(gop, 4);
    await pass();
    expect((await before)?.from).toBe(START + 29 * GOP);
    expect(recorder.asked).toEqual([`${(30 * GOP) / 90_000 - 4}-${(30 * GOP) / 90_000}`]);
    expect(gop.previous).toBe(START + 29 * GOP);
    await footage.before(gop, 4);
    expect(recorder.asked).toEqual([]);
    footage.stop();
  });

  test("a hole is looked over", async () => {
    const beyond = START + 90_000 * 5000;
    recorder.spans = [{ from: START, until: START + 3 * GOP }, { from: beyond, until: beyond + 2 * GOP }];
    const footage = open();
    footage.readUntil(Infinity, beyond);
    footage.readFrom({ time: beyond });
    await pass();
    const gop = footage.begun;
    if (!gop) throw new Error("nothing came");
    const before = footage.before(gop, 4);
    await pass();
    expect((await before)?.from).toBe(START + 2 * GOP);
    const first = footage.gops.get(START);
    if (!first) throw new Error("no first GOP");
    const nothing = footage.before(first, 4);
    await pass();
    expect(await nothing).toBeNull();
    footage.stop();
  });
});

test.each([
  { answer: "refused", failure: { kind: "http", status: 403 } },
  { answer: "lost", failure: { kind: "network" } },
  { answer: "no recording", failure: { kind: "network" } },
])("an answer that is $answer is told, and asked for again", async ({ answer, failure }) => {
  let isWell = false;
  server.on(/\/fragments\?/, (request) => {
    if (isWell) recorder.fragments(request);
    else if (answer === "refused") void request.problem(403, "no");
    else if (answer === "lost") void request.fail();
    else request.respond(new Response(new Uint8Array(64)));
  });
  const footage = open();
  footage.readUntil(Infinity, START);
  footage.readFrom({ time: START });
  await pass();
  expect(footage.failure).toMatchObject(failure);
  expect(footage.ended).toBe(false);
  isWell = true;
  await pass(1000);
  expect([footage.failure, reached(footage)]).toEqual([null, 60]);
  footage.stop();
});

/** The same answer in pieces of a kilobyte. */
function inPieces(response: Response): Response {
  const body = response.body;
  if (!body) return response;
  return new Response(body.pipeThrough(new TransformStream<Uint8Array, Uint8Array>({
    transform(bytes, out) {
      for (let at = 0; at < bytes.length; at += 1024) out.enqueue(bytes.slice(at, at + 1024));
    },
  })));
}
