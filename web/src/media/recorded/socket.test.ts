// Several players on one WebSocket.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { PlaybackSocket, SharedSocket } from "./socket";

class FakeSocket {
  static all: FakeSocket[] = [];
  static readonly OPEN = 1;
  readyState = 0;
  binaryType = "";
  sent: Record<string, unknown>[] = [];
  onopen: (() => void) | null = null;
  onclose: (() => void) | null = null;
  onmessage: ((event: { data: string | ArrayBuffer }) => void) | null = null;

  constructor(readonly url: string) {
    FakeSocket.all.push(this);
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }

  close(): void {
    this.readyState = 3;
    this.onclose?.();
  }

  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  tell(answer: object): void {
    this.onmessage?.({ data: JSON.stringify(answer) });
  }

  bytes(id: number, ...bytes: number[]): void {
    const data = new Uint8Array(4 + bytes.length);
    new DataView(data.buffer).setUint32(0, id);
    data.set(bytes, 4);
    this.onmessage?.({ data: data.buffer });
  }
}

beforeEach(() => {
  FakeSocket.all = [];
  vi.stubGlobal("WebSocket", FakeSocket);
});

afterEach(() => {
  vi.unstubAllGlobals();
});

const never = new AbortController().signal;
const origin = (name: string) => ({ base: `https://${name}`, token: null });

async function opened(socket: PlaybackSocket, signal = never) {
  const asked = socket.fragments(7, { time: 90 }, { unix: 3 }, false, signal);
  FakeSocket.all[0]?.open();
  await Promise.resolve();
  await vi.waitFor(() => { expect(FakeSocket.all[0]?.sent.length).toBeGreaterThan(0); });
  const fake = FakeSocket.all[0];
  if (!fake) throw new Error("no socket");
  return { asked, fake };
}

test("footage comes in pieces under the request's number", async () => {
  const { asked, fake } = await opened(new PlaybackSocket({ base: "https://razz/x", token: "t" }));
  expect(fake.url).toBe("wss://razz/x/ws/playback?token=t");
  expect(fake.sent).toEqual([{ id: 1, camera_id: 7, from: "90k:90", to: "3.000000", keys: false }]);
  fake.tell({ state: "begin", id: 1, from: "90", until: "180" });
  const answer = await asked;
  if (answer?.kind !== "answer") throw new Error("no answer");
  fake.bytes(1, 1, 2);
  fake.bytes(9, 7);
  fake.bytes(1, 3);
  fake.tell({ state: "end", id: 1 });
  expect([...new Uint8Array(await new Response(answer.answer).arrayBuffer())]).toEqual([1, 2, 3]);
});

test.each([
  [{ state: "nothing", id: 1 }, { kind: "nothing" }],
  [{ state: "failed", id: 1, detail: "busy" }, null],
])("%o", async (told, expected) => {
  const { asked, fake } = await opened(new PlaybackSocket(origin("razz")));
  fake.tell(told);
  expect(await asked).toEqual(expected);
});

test("what is given up is cancelled, and what breaks is said", async () => {
  const socket = new PlaybackSocket(origin("razz"));
  const abort = new AbortController();
  const { asked, fake } = await opened(socket, abort.signal);
  abort.abort();
  expect(await asked).toMatchObject({ kind: "failed" });
  expect(fake.sent[1]).toEqual({ id: 1, cancel: true });
  const second = socket.fragments(7, { time: 1 }, { time: 2 }, true, never);
  await vi.waitFor(() => { expect(fake.sent).toHaveLength(3); });
  fake.tell({ state: "begin", id: 2, from: "1", until: "2" });
  const answer = await second;
  if (answer?.kind !== "answer") throw new Error("no answer");
  fake.close();
  await expect(new Response(answer.answer).arrayBuffer()).rejects.toThrow();
});

test("one camera alone does without, and where it does not open all do", async () => {
  const ask = (shared: SharedSocket) => shared.fragments({ time: 1 }, { time: 2 }, false, never);
  const [first, same, other] = [7, 7, 8].map((camera) => new SharedSocket(origin("two"), camera));
  if (!first || !same || !other) throw new Error("three");
  expect(ask(first)).toBeNull();
  expect(ask(same)).toBeNull();
  expect(FakeSocket.all).toHaveLength(0);
  const asked = ask(other);
  FakeSocket.all[0]?.close();
  expect(await asked).toBeNull();
  // Not asked again soon.
  expect(ask(first)).toBeNull();
  expect(FakeSocket.all).toHaveLength(1);
  other.leave();
});
