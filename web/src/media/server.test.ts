// What the player asks the server for: the snapshot, the camera's status, the model, and how often.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Stats } from "../wire";
import { FakeServer, settled } from "./fakes/server";
import { fetchJson, fetchSnapshot, fetchStats, fetchStatus, Poll } from "./server";

const ORIGIN = { base: "http://razz", token: "secret" };
let server: FakeServer;
let abort: AbortController;

beforeEach(() => {
  vi.useFakeTimers();
  server = new FakeServer();
  abort = new AbortController();
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe("requests", () => {
  test.each([
    { what: "the status", ask: (signal: AbortSignal) => fetchStatus(ORIGIN, 7, signal), url: "http://razz/api/cameras/7/status" },
    { what: "the model", ask: (signal: AbortSignal) => fetchStats(ORIGIN, signal), url: "http://razz/api/stats" },
    { what: "the snapshot", ask: (signal: AbortSignal) => fetchSnapshot(ORIGIN, 7, signal), url: "http://razz/api/cameras/7/snapshot.jpg" },
    { what: "any address", ask: (signal: AbortSignal) => fetchJson(ORIGIN, "http://razz/whep/7/abc", signal), url: "http://razz/whep/7/abc" },
  ])("$what: with the token, past every cache, until it is taken back", ({ ask, url }) => {
    void ask(abort.signal);
    const asked = server.last(/^GET /);
    expect(asked.url).toBe(url);
    expect(asked.headers.get("authorization")).toBe("Bearer secret");
    expect(asked.init.cache).toBe("no-store");
    abort.abort();
    expect(asked.aborted).toBe(true);
  });
});

describe("the status", () => {
  async function status(answer: (server: FakeServer) => Promise<void>): Promise<unknown> {
    const asked = fetchStatus(ORIGIN, 7, abort.signal);
    await answer(server);
    return asked;
  }

  test("as the server tells it", async () => {
    expect(await status((it) => it.last(/status/).answer(200, { state: "offline" }))).toEqual({ kind: "status", status: { state: "offline" } });
  });

  test("refused, with the reason", async () => {
    expect(await status((it) => it.last(/status/).problem(403, "Not you."))).toEqual({
      kind: "failed",
      failure: { kind: "http", status: 403, problem: { type: "about:blank", title: "", status: 403, detail: "Not you." } },
    });
  });

  test.each([
    { name: "nobody answers", answer: (it: FakeServer) => it.last(/status/).fail() },
    { name: "an answer that is no JSON", answer: (it: FakeServer) => it.last(/status/).answer(200, "<html>") },
  ])("$name: the network", async ({ answer }) => {
    expect(await status(answer)).toEqual({ kind: "failed", failure: { kind: "network" } });
  });
});

describe("JSON that may not be there", () => {
  test.each([
    { name: "there it is", answer: (it: FakeServer) => it.last(/stats/).answer(200, { model: "m" }), value: { model: "m" } },
    { name: "not for this viewer", answer: (it: FakeServer) => it.last(/stats/).answer(403, { model: "m" }), value: null },
    { name: "no JSON", answer: (it: FakeServer) => it.last(/stats/).answer(200, "<html>"), value: null },
    { name: "nobody there", answer: (it: FakeServer) => it.last(/stats/).fail(), value: null },
  ])("$name", async ({ answer, value }) => {
    const asked = fetchStats(ORIGIN, abort.signal);
    await answer(server);
    expect(await asked).toEqual(value);
  });
});

describe("the snapshot", () => {
  const close = vi.fn();
  beforeEach(() => {
    close.mockClear();
    vi.stubGlobal("createImageBitmap", () => Promise.resolve({ width: 640, height: 360, close }));
  });

  test.each([
    { header: "2839113041", rtp: 2_839_113_041 },
    { header: "4294967295", rtp: 4_294_967_295 },
    { header: "0", rtp: 0 },
    { header: "soon", rtp: null },
    { header: "1.5", rtp: null },
    { header: null, rtp: null },
  ])("with X-Rtp-Timestamp $header is of frame $rtp", async ({ header, rtp }) => {
    const asked = fetchSnapshot(ORIGIN, 7, abort.signal);
    await server.last(/snapshot/).answer(200, "jpeg", header === null ? {} : { "X-Rtp-Timestamp": header });
    const snapshot = await asked;
    expect(snapshot?.rtp).toBe(rtp);
    expect([snapshot?.picture.width, snapshot?.picture.height]).toEqual([640, 360]);
    expect(close, "the picture is the caller's to close").not.toHaveBeenCalled();
  });

  test("that comes too late is closed", async () => {
    vi.stubGlobal("createImageBitmap", () => {
      abort.abort();
      return Promise.resolve({ width: 640, height: 360, close });
    });
    const asked = fetchSnapshot(ORIGIN, 7, abort.signal);
    await server.last(/snapshot/).answer(200, "jpeg");
    expect(await asked).toBeNull();
    expect(close).toHaveBeenCalledOnce();
  });

  test.each([
    { name: "none yet", answer: (it: FakeServer) => it.last(/snapshot/).answer(404) },
    { name: "nobody there", answer: (it: FakeServer) => it.last(/snapshot/).fail() },
  ])("$name", async ({ answer }) => {
    const asked = fetchSnapshot(ORIGIN, 7, abort.signal);
    await answer(server);
    expect(await asked).toBeNull();
  });

  test("that is no picture is none", async () => {
    vi.stubGlobal("createImageBitmap", () => Promise.reject(new Error("no JPEG")));
    const asked = fetchSnapshot(ORIGIN, 7, abort.signal);
    await server.last(/snapshot/).answer(200, "text");
    expect(await asked).toBeNull();
  });
});

describe("asking again and again", () => {
  const heard: unknown[] = [];
  const poll = (onAnswer?: (answer: unknown) => void): Poll<Stats | null> => new Poll((signal) => fetchStats(ORIGIN, signal), 3_000, onAnswer);
  beforeEach(() => {
    heard.length = 0;
  });

  test("at once, and then so long after each answer", async () => {
    const model = poll((answer) => heard.push(answer));
    expect(model.answer).toBeNull();
    model.run(true);
    model.run(true);
    expect(server.requests).toHaveLength(1);
    // A slow answer is waited for: one question at a time.
    await vi.advanceTimersByTimeAsync(10_000);
    expect(server.requests).toHaveLength(1);
    await server.last(/stats/).answer(200, { model: "a" });
    expect(model.answer).toEqual({ model: "a" });
    await vi.advanceTimersByTimeAsync(2_999);
    expect(server.requests).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(server.requests).toHaveLength(2);
    await server.last(/stats/).fail();
    expect(model.answer, "the newest answer counts").toBeNull();
    expect(heard).toEqual([{ model: "a" }, null]);
  });

  test("ended, it takes the question back and forgets the answer", async () => {
    const model = poll((answer) => heard.push(answer));
    model.run(true);
    await server.last(/stats/).answer(200, { model: "a" });
    await vi.advanceTimersByTimeAsync(3_000);
    model.run(false);
    expect(server.last(/stats/).aborted).toBe(true);
    expect(model.answer).toBeNull();
    await settled();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.requests).toHaveLength(2);
    expect(heard).toHaveLength(1);
  });

  test("ended between two questions, it asks no more", async () => {
    const model = poll();
    model.run(true);
    await server.last(/stats/).answer(200, {});
    model.run(false);
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.requests).toHaveLength(1);
  });

  test("ended by whoever hears of the answer", async () => {
    const model = poll(() => {
      model.run(false);
    });
    model.run(true);
    await server.last(/stats/).answer(200, {});
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.requests).toHaveLength(1);
    expect(model.answer).toBeNull();
  });

  test("begun anew, the old question is nobody's", async () => {
    const model = poll((answer) => heard.push(answer));
    model.run(true);
    const old = server.last(/stats/);
    model.run(false);
    model.run(true);
    await old.answer(200, { model: "old" });
    await server.last(/stats/).answer(200, { model: "new" });
    expect(heard).toEqual([{ model: "new" }]);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(server.requests).toHaveLength(3);
  });
});
