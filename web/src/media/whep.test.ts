// One camera's video kept coming: session after session, with waits in between.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { ViewerSession } from "../wire";
import { FakePeer, FakeStream } from "./fakes/peer";
import { FakeServer } from "./fakes/server";
import { session as report } from "./fakes/session";
import { WhepConnection } from "./whep";
import type { WhepState } from "./words";

const OFFER = /^POST /;
let server: FakeServer;
let connection: WhepConnection;
let states: WhepState[];
let streams: number;
let reports: ViewerSession[];

beforeEach(() => {
  vi.useFakeTimers();
  FakePeer.reset();
  // Half of a wait is fixed, half is chance: at 0 the waits are 250, 500, 1000, 2000, 4000, 4000 ms.
  vi.spyOn(Math, "random").mockReturnValue(0);
  server = new FakeServer();
  vi.stubGlobal("RTCPeerConnection", FakePeer);
  vi.stubGlobal("MediaStream", FakeStream);
  [states, streams, reports] = [[], 0, []];
  connection = new WhepConnection({ base: "http://razz", token: null }, 7, {
    onSession: () => streams++,
    onState: (state) => states.push(state),
    onReport: (report) => reports.push(report),
  });
});

afterEach(() => {
  connection.stop();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const kinds = (): string[] => states.map(({ kind }) => kind);
const offers = (): number => server.to(OFFER).length;
const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

async function connect(): Promise<void> {
  await pass(0);
  await server.last(OFFER).answer(201, "v=0", { Location: "/whep/7/abc", Link: '<stun:s>; rel="ice-server"' });
  FakePeer.last.become("connected");
}

test("connects, plays, and stops for good", async () => {
  expect(connection.state).toEqual({ kind: "idle" });
  connection.start();
  connection.start();
  await connect();
  connection.stop();
  expect(kinds()).toEqual(["connecting", "playing", "idle"]);
  expect(streams).toBe(1);
  await pass(60_000);
  expect(offers()).toBe(1);
  expect(server.to(/^DELETE /)).toHaveLength(1);
});

test("waits twice as long each time, and 4 s at most", async () => {
  const waits: number[] = [];
  connection.start();
  for (let round = 0; round < 7; round++) {
    await pass(0);
    await server.last(OFFER).fail();
    const state = connection.state;
    if (state.kind !== "retrying") throw new Error(`it is ${state.kind}`);
    waits.push(state.atMs - performance.now());
    const before = offers();
    await pass(state.atMs - performance.now() - 1);
    expect(offers(), "not before its time").toBe(before);
    await pass(1);
    expect(offers()).toBe(before + 1);
  }
  expect(waits).toEqual([250, 500, 1_000, 2_000, 4_000, 4_000, 4_000]);
});

test("says why in words", async () => {
  connection.start();
  await pass(0);
  await server.last(OFFER).problem(503, "Too many viewers.");
  expect(connection.state).toMatchObject({ kind: "retrying", why: "too many viewers" });
  expect(streams).toBe(1);
});

test("a session that lived for 5 s was a good one: the next wait is the first again", async () => {
  connection.start();
  for (const [livedMs, waitMs] of [[4_999, 250], [4_999, 500], [5_000, 250]] as const) {
    await connect();
    await pass(livedMs);
    FakePeer.last.become("failed");
    const state = connection.state;
    if (state.kind !== "retrying") throw new Error(`it is ${state.kind}`);
    expect(state.atMs - performance.now()).toBe(waitMs);
    expect(state.why).toBe("the connection was lost");
    await pass(waitMs);
  }
});

test("the next session gets the ICE servers that the last answer named", async () => {
  connection.start();
  await connect();
  expect(FakePeer.last.configuration.iceServers).toEqual([]);
  FakePeer.last.become("failed");
  await pass(250);
  expect(FakePeer.last.configuration.iceServers).toEqual([{ urls: "stun:s" }]);
  // One that got no answer knows none: those of before stay.
  await server.last(OFFER).answer(201, "v=0", { Location: "/whep/7/abc", Link: '<stun:s>; rel="ice-server"' });
  FakePeer.last.become("failed");
  await pass(500);
  expect(FakePeer.last.configuration.iceServers).toEqual([{ urls: "stun:s" }]);
});

describe("somebody knows better", () => {
  test("a retry that is waited for happens now, and once", async () => {
    connection.start();
    await pass(0);
    await server.last(OFFER).fail();
    connection.retryNow();
    await pass(0);
    expect(offers()).toBe(2);
    expect(connection.state.kind).toBe("connecting");
    await pass(1_000);
    expect(offers()).toBe(2);
  });

  test("while it plays there is nothing to hurry", async () => {
    connection.start();
    await connect();
    connection.retryNow();
    await pass(10_000);
    expect(offers()).toBe(1);
  });

  test("a session that is given up is ended on the server, and another begins", async () => {
    connection.start();
    await connect();
    connection.restart({ kind: "silent" });
    expect(connection.state).toMatchObject({ kind: "retrying", why: "the camera is online, but its video stopped coming" });
    expect(server.to(/^DELETE /)).toHaveLength(1);
    await pass(250);
    expect(streams).toBe(2);
  });

  test("stopped, nothing is given up", async () => {
    connection.restart({ kind: "lost" });
    await pass(10_000);
    expect(offers()).toBe(0);
    expect(states).toEqual([]);
  });
});

test("playout is held in this session and in the next", async () => {
  connection.start();
  connection.hold(180);
  expect(FakePeer.last.receiver.jitterBufferTarget).toBe(180);
  await connect();
  FakePeer.last.become("failed");
  await pass(250);
  expect(FakePeer.all).toHaveLength(2);
  expect(FakePeer.last.receiver.jitterBufferTarget).toBe(180);
});

test("a browser without WebRTC is told of, and tried again", async () => {
  vi.stubGlobal("RTCPeerConnection", undefined);
  connection.start();
  expect(connection.state).toMatchObject({ kind: "retrying", why: "this browser has no WebRTC, or it is turned off" });
  vi.stubGlobal("RTCPeerConnection", FakePeer);
  await pass(250);
  expect(connection.state.kind).toBe("connecting");
});

test("without a session there are no figures", async () => {
  expect(connection.stats()).toBeNull();
  expect(await connection.serverReport()).toBeNull();
  connection.start();
  expect(connection.stats()).not.toBeNull();
});

test("what is wanted holds for later sessions, and what a server says of it is passed on", async () => {
  connection.want({ quality: "360p" });
  connection.want({ width: 640, height: 360 });
  connection.start();
  await connect();
  expect(server.last(OFFER).url).toBe("http://razz/whep/7?quality=360p&width=640&height=360");
  connection.want({ quality: "saver" });
  await pass(0);
  await server.last(/^PATCH /).answer(200, report({ rendition: "180p" }));
  expect(reports).toEqual([report({ rendition: "180p" })]);
  FakePeer.last.become("failed");
  await pass(250);
  expect(server.last(OFFER).url).toBe("http://razz/whep/7?quality=saver&width=640&height=360");
});
