// One WHEP exchange: what is sent, what becomes of the answer, and every way in which it ends.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { FakePeer, FakeStream } from "./fakes/peer";
import { FakeServer, settled } from "./fakes/server";
import { session as report } from "./fakes/session";
import { WhepSession, type SessionEvents } from "./whepsession";
import type { WhepFailure } from "./words";

const ORIGIN = { base: "https://razz.example/cams", token: null };
const OFFER = /^POST .*\/whep\/7(\?|$)/;
const PATCH = /^PATCH /;
const RESOURCE = "https://razz.example/cams/whep/7/abc";
const GONE = /^DELETE /;

let server: FakeServer;
let told: string[];
let failures: WhepFailure[];
const events: SessionEvents = {
  onStream: () => told.push("stream"),
  onConnected: () => told.push("connected"),
  onReport: ({ rendition }) => told.push(rendition),
  onEnd: (failure) => {
    told.push("end");
    failures.push(failure);
  },
};

beforeEach(() => {
  vi.useFakeTimers();
  FakePeer.reset();
  server = new FakeServer();
  [told, failures] = [[], []];
  vi.stubGlobal("RTCPeerConnection", FakePeer);
  vi.stubGlobal("MediaStream", FakeStream);
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

async function offered(token: string | null = null): Promise<WhepSession> {
  const session = new WhepSession({ ...ORIGIN, token }, 7, [], { quality: "auto" }, events);
  await settled();
  return session;
}

async function answered(token: string | null = null): Promise<WhepSession> {
  const session = await offered(token);
  await server.last(OFFER).answer(201, "v=0 answer", { Location: "/cams/whep/7/abc" });
  return session;
}

async function connected(): Promise<WhepSession> {
  const session = await answered();
  FakePeer.last.become("connected");
  return session;
}

describe("what is wanted", () => {
  const bodies = (): unknown[] => server.to(PATCH).map(({ body }) => JSON.parse(body as string) as unknown);
  const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

  test("goes along with the offer", async () => {
    new WhepSession(ORIGIN, 7, [], { quality: "360p", width: 640, height: 360 }, events);
    await settled();
    expect(server.last(OFFER).url).toBe("https://razz.example/cams/whep/7?quality=360p&width=640&height=360");
    await server.last(OFFER).answer(201, "v=0 answer", { Location: "7/abc" });
    await pass(5_000);
    expect(bodies(), "it has been told").toEqual([]);
  });

  test("another quality is told at once, and the answer says how the session goes", async () => {
    const session = await answered("secret");
    session.want({ quality: "saver" });
    await pass(0);
    const { url, headers } = server.last(PATCH);
    expect([url, headers.get("content-type"), headers.get("authorization")]).toEqual([RESOURCE, "application/merge-patch+json", "Bearer secret"]);
    expect(bodies()).toEqual([{ quality: "saver" }]);
    await server.last(PATCH).answer(200, report({ rendition: "180p" }));
    expect(told).toEqual(["stream", "180p"]);
  });

  test("a size is told when it has stayed for half a second, and if it is another by a tenth", async () => {
    const session = await answered();
    for (let width = 640; width <= 1_280; width += 64) {
      session.want({ quality: "auto", width, height: 360 });
      await pass(100);
    }
    session.want({ quality: "auto", width: 1_280, height: 360 });
    expect(bodies()).toEqual([]);
    await pass(500);
    expect(bodies()).toEqual([{ quality: "auto", width: 1_280, height: 360 }]);
    await server.last(PATCH).answer(200, report());
    session.want({ quality: "auto", width: 1_200, height: 340 });
    await pass(5_000);
    expect(bodies()).toHaveLength(1);
    session.want({ quality: "auto", width: 1_100, height: 330 });
    await pass(500);
    expect(bodies()).toHaveLength(2);
  });

  test("what changes before the answer, or while it is being told, is told afterwards", async () => {
    const session = await offered();
    session.want({ quality: "540p" });
    await pass(0);
    expect(bodies()).toEqual([]);
    await server.last(OFFER).answer(201, "v=0 answer", { Location: "/cams/whep/7/abc" });
    session.want({ quality: "360p" });
    session.want({ quality: "180p" });
    await pass(0);
    expect(bodies()).toEqual([{ quality: "540p" }]);
    await server.last(PATCH).answer(200, report());
    expect(bodies()).toEqual([{ quality: "540p" }, { quality: "180p" }]);
  });

  test.each([
    { how: "refused", answer: () => server.last(PATCH).problem(415, "application/trickle-ice-sdpfrag is wanted") },
    { how: "answered without a word", answer: () => server.last(PATCH).answer(202) },
    { how: "answered with something else", answer: () => server.last(PATCH).answer(200, "<html>") },
    { how: "not answered", answer: () => server.last(PATCH).fail() },
  ])("$how, everything goes on", async ({ answer }) => {
    const session = await connected();
    session.want({ quality: "saver" });
    await pass(0);
    await answer();
    await pass(60_000);
    expect([bodies().length, failures, FakePeer.last.closed]).toEqual([1, [], false]);
    session.want({ quality: "camera" });
    await pass(0);
    expect(bodies(), "the next is told all the same").toHaveLength(2);
  });

  test("nothing is told of a session that is over", async () => {
    const session = await connected();
    session.want({ quality: "auto", width: 640, height: 360 });
    session.close();
    await pass(5_000);
    expect(bodies()).toEqual([]);
  });
});

describe("the offer", () => {
  test("asks for video only, on one transport, with the ICE servers of before", async () => {
    const servers = [{ urls: "turn:t:3478" }];
    new WhepSession(ORIGIN, 7, servers, { quality: "auto" }, events);
    await settled();
    expect(FakePeer.last.configuration).toEqual({ iceServers: servers, bundlePolicy: "max-bundle" });
    expect(FakePeer.last.transceivers).toEqual([["video", { direction: "recvonly" }]]);
    expect(told).toEqual(["stream"]);
  });

  test("is posted as SDP with the header that a cookie needs beside it", async () => {
    await offered();
    const { url, body, headers } = server.last(OFFER);
    expect(url).toBe("https://razz.example/cams/whep/7");
    expect(body).toBe("v=0 offer");
    expect(headers.get("content-type")).toBe("application/sdp");
    expect(headers.get("x-razz-request")).toBe("1");
    expect(headers.get("authorization")).toBeNull();
  });

  test("carries the token where there is one", async () => {
    await offered("secret");
    const { headers } = server.last(OFFER);
    expect(headers.get("authorization")).toBe("Bearer secret");
    expect(headers.get("x-razz-request")).toBeNull();
  });
});

describe("the answer", () => {
  test("is set, and nothing more is sent: it is complete, so no candidate trickles by PATCH", async () => {
    await connected();
    expect(FakePeer.last.remoteDescription).toEqual({ type: "answer", sdp: "v=0 answer" });
    expect(server.requests.map(({ method }) => method)).toEqual(["POST"]);
    expect(told).toEqual(["stream", "connected"]);
  });

  test("names the ICE servers of the next session", async () => {
    const session = await offered();
    await server.last(OFFER).answer(201, "v=0", { Location: "/x", Link: '<turn:t:3478>; rel="ice-server"; username="u"; credential="c"' });
    expect(session.iceServers).toEqual([{ urls: "turn:t:3478", username: "u", credential: "c" }]);
  });

  test.each([
    { location: "/cams/whep/7/abc", resource: RESOURCE },
    { location: "7/abc", resource: RESOURCE },
    { location: "https://other.example/s/9", resource: "https://other.example/s/9" },
  ])("with Location $location is ended at $resource", async ({ location, resource }) => {
    const session = await offered();
    await server.last(OFFER).answer(201, "v=0", { Location: location });
    session.close();
    expect(server.last(GONE).url).toBe(resource);
  });

  test.each([
    { status: 404, words: "No camera 7." },
    { status: 503, words: "All places are taken." },
    { status: 200, words: "A page." },
  ])("$status is a refusal, with its problem", async ({ status, words }) => {
    await offered();
    await server.last(OFFER).problem(status, words);
    expect(failures).toEqual([{ kind: "http", status, problem: { type: "about:blank", title: "", status, detail: words } }]);
    expect(FakePeer.last.closed).toBe(true);
    expect(server.to(GONE), "there is no session to end").toEqual([]);
  });

  test("that the browser does not understand ends the session on the server too", async () => {
    FakePeer.answerError = new Error("Invalid SDP line");
    await answered();
    expect(failures).toEqual([{ kind: "answer", detail: "Invalid SDP line" }]);
    expect(server.last(GONE).url).toBe(RESOURCE);
  });

  test("does not come within 8 s", async () => {
    await offered();
    await vi.advanceTimersByTimeAsync(7_999);
    expect(failures).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(failures).toEqual([{ kind: "network" }]);
    expect(server.last(OFFER).aborted).toBe(true);
  });

  test("nobody is there to give one", async () => {
    await offered();
    await server.last(OFFER).fail();
    expect(failures).toEqual([{ kind: "network" }]);
  });
});

describe("the connection", () => {
  test("does not come about within 10 s of the answer", async () => {
    await answered();
    await vi.advanceTimersByTimeAsync(9_999);
    expect(failures).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(failures).toEqual([{ kind: "path" }]);
  });

  test("finds no way", async () => {
    await answered();
    FakePeer.last.become("failed");
    expect(failures).toEqual([{ kind: "path" }]);
  });

  test("fails after it stood", async () => {
    await connected();
    FakePeer.last.become("failed");
    expect(failures).toEqual([{ kind: "lost" }]);
  });

  test("stands for hours: no deadline is left over", async () => {
    await connected();
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(told).toEqual(["stream", "connected"]);
  });

  test("may mend itself within 5 s", async () => {
    await connected();
    FakePeer.last.become("disconnected");
    await vi.advanceTimersByTimeAsync(4_999);
    FakePeer.last.become("connected");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(failures).toEqual([]);
  });

  test("and else is lost", async () => {
    await connected();
    FakePeer.last.become("disconnected");
    await vi.advanceTimersByTimeAsync(5_000);
    expect(failures).toEqual([{ kind: "lost" }]);
    expect(server.last(GONE).url).toBe(RESOURCE);
  });

  test("closed by the server is not ended there once more", async () => {
    await connected();
    FakePeer.last.become("closed");
    expect(failures).toEqual([{ kind: "lost" }]);
    expect(server.to(GONE)).toEqual([]);
  });

  test("ends once, whatever else happens", async () => {
    await connected();
    FakePeer.last.become("failed");
    FakePeer.last.become("closed");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told).toEqual(["stream", "connected", "end"]);
  });
});

describe("closing", () => {
  test("tells the server first, and closes the connection once it has answered", async () => {
    const session = await connected();
    session.close();
    const gone = server.last(GONE);
    expect(gone.url).toBe(RESOURCE);
    expect(gone.init.keepalive).toBe(true);
    expect(gone.headers.get("x-razz-request")).toBe("1");
    expect(FakePeer.last.closed).toBe(false);
    await gone.answer(200);
    expect(FakePeer.last.closed).toBe(true);
    expect(told).not.toContain("end");
  });

  test("closes it also where the server is away", async () => {
    const session = await connected();
    session.close();
    await server.last(GONE).fail();
    expect(FakePeer.last.closed).toBe(true);
  });

  test("with the page waits for nothing", async () => {
    const session = await connected();
    session.close(true);
    expect(FakePeer.last.closed).toBe(true);
    expect(server.to(GONE)).toHaveLength(1);
  });

  test("twice ends it once", async () => {
    const session = await connected();
    session.close();
    session.close();
    expect(server.to(GONE)).toHaveLength(1);
  });

  test("before the answer takes the offer back, and ends what the server made of it", async () => {
    const session = await offered();
    session.close();
    expect(server.last(OFFER).aborted).toBe(true);
    expect(FakePeer.last.closed).toBe(true);
    expect(server.to(GONE)).toEqual([]);
    expect(told).toEqual(["stream"]);
  });

  test("while the answer is being read ends the session that nobody wants", async () => {
    const session = await offered();
    let read: (sdp: string) => void = () => undefined;
    const response = new Response("", { status: 201, headers: { Location: "/cams/whep/7/abc" } });
    response.text = () => new Promise((resolve) => (read = resolve));
    server.last(OFFER).respond(response);
    await settled();
    session.close();
    expect(server.last(GONE).url).toBe(RESOURCE);
    read("v=0");
    await settled();
    expect(FakePeer.last.remoteDescription).toBeNull();
    expect(told).toEqual(["stream"]);
  });
});

describe("holding playout", () => {
  test("is a wish to the jitter buffer", async () => {
    const session = await connected();
    session.hold(240);
    expect(FakePeer.last.receiver.jitterBufferTarget).toBe(240);
  });

  test("is nothing to a browser that cannot", async () => {
    const session = await connected();
    delete FakePeer.last.receiver.jitterBufferTarget;
    session.hold(240);
    expect(FakePeer.last.receiver).not.toHaveProperty("jitterBufferTarget");
  });
});

describe("the server's report", () => {
  test("is read at the session's own address", async () => {
    const session = await answered("secret");
    const report = session.serverReport();
    const asked = server.last(/^GET /);
    expect(asked.url).toBe(RESOURCE);
    expect(asked.headers.get("authorization")).toBe("Bearer secret");
    await asked.answer(200, { waiting: true });
    expect(await report).toEqual({ waiting: true });
  });

  test("is none before there is a session", async () => {
    const session = await offered();
    expect(await session.serverReport()).toBeNull();
    expect(server.to(/^GET /)).toEqual([]);
  });

  test.each([404, 500])("is none where the server answers %i", async (status) => {
    const session = await answered();
    const report = session.serverReport();
    await server.last(/^GET /).answer(status, {});
    expect(await report).toBeNull();
  });
});
