// Footage of several players over one WebSocket: browsers have six connections to a server, and nine cameras in step want
// as many answers at once.
import type { PlaybackAnswer } from "../../wire";
import { now } from "../clock/now";
import type { Origin } from "../origin";
import { momentText, type Moment } from "./moment";
import type { Answer } from "./server";

/** One that does not open within this is done without. */
const OPENS_WITHIN_MS = 3_000;
/** One that nobody wants anything of any more ends. */
const IDLE_MS = 30_000;

interface Wanted {
  /** The answer has begun, or will not. */
  begin: (answer: Answer<ReadableStream<Uint8Array>> | null) => void;
  /** Footage goes here. */
  stream: ReadableStreamDefaultController<Uint8Array> | null;
}

/** The WebSocket of one server. */
export class PlaybackSocket {
  readonly #url: string;
  readonly #wanted = new Map<number, Wanted>();
  #socket: Promise<WebSocket | null> | null = null;
  #next = 0;
  #idle: ReturnType<typeof setTimeout> | null = null;

  constructor({ base, token }: Origin) {
    const query = token === null ? "" : `?${new URLSearchParams({ token }).toString()}`;
    this.#url = `${base.replace(/^http/, "ws")}/ws/playback${query}`;
  }

  /** Footage of a camera; null where the server has no such socket, or it has broken before an answer came. */
  async fragments(camera: number, from: Moment, to: Moment, keys: boolean, signal: AbortSignal): Promise<Answer<ReadableStream<Uint8Array>> | null> {
    const socket = await (this.#socket ??= this.#open());
    if (socket?.readyState !== WebSocket.OPEN) return null;
    if (signal.aborted) return { kind: "failed", failure: { kind: "network" } };
    const id = (this.#next = (this.#next + 1) % 2 ** 31);
    return new Promise((resolve) => {
      const wanted: Wanted = { begin: resolve, stream: null };
      this.#wanted.set(id, wanted);
      signal.addEventListener("abort", () => {
        if (!this.#wanted.delete(id)) return;
        socket.send(JSON.stringify({ id, cancel: true }));
        resolve({ kind: "failed", failure: { kind: "network" } });
        wanted.stream?.error(new DOMException("aborted", "AbortError"));
        this.#rest();
      }, { once: true });
      socket.send(JSON.stringify({ id, camera_id: camera, from: momentText(from), to: momentText(to), keys }));
      if (this.#idle !== null) clearTimeout(this.#idle);
    });
  }

  #open(): Promise<WebSocket | null> {
    return new Promise((resolve) => {
      const socket = new WebSocket(this.#url);
      socket.binaryType = "arraybuffer";
      const late = setTimeout(() => { socket.close(); }, OPENS_WITHIN_MS);
      socket.onopen = () => {
        clearTimeout(late);
        resolve(socket);
      };
      socket.onclose = () => {
        clearTimeout(late);
        resolve(null);
        this.#broken();
      };
      socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
        if (typeof data === "string") this.#told(JSON.parse(data) as PlaybackAnswer);
        else this.#wanted.get(new DataView(data).getUint32(0))?.stream?.enqueue(new Uint8Array(data, 4));
      };
    });
  }

  #told(answer: PlaybackAnswer): void {
    const { id } = answer;
    const wanted = id === null ? undefined : this.#wanted.get(id);
    if (id === null || !wanted) return;
    if (answer.state === "begin") {
      const body = new ReadableStream<Uint8Array>({
        start: (stream) => { wanted.stream = stream; },
        cancel: () => { this.#cancel(id); },
      });
      wanted.begin({ kind: "answer", answer: body });
      return;
    }
    this.#wanted.delete(id);
    if (answer.state === "nothing") wanted.begin({ kind: "nothing" });
    else if (answer.state === "end") wanted.stream?.close();
    else if (wanted.stream) wanted.stream.error(new Error(answer.detail ?? "razz failed"));
    // What the server says of it in full is heard by the other way.
    else wanted.begin(null);
    this.#rest();
  }

  #cancel(id: number): void {
    if (!this.#wanted.delete(id)) return;
    void this.#socket?.then((socket) => { socket?.send(JSON.stringify({ id, cancel: true })); });
    this.#rest();
  }

  #rest(): void {
    if (this.#wanted.size > 0) return;
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#idle = setTimeout(() => { void this.#socket?.then((socket) => { socket?.close(); }); }, IDLE_MS);
  }

  #broken(): void {
    this.#socket = null;
    const left = [...this.#wanted.values()];
    this.#wanted.clear();
    for (const { begin, stream } of left) {
      begin(null);
      stream?.error(new Error("the connection is gone"));
    }
  }
}

/** A server's socket, and the players of each of its cameras: one camera alone does without. */
interface Shared {
  players: Map<number, number>;
  socket: PlaybackSocket | null;
  brokenUntilMs: number;
}

/** By address and token. */
const servers = new Map<string, Shared>();
/** A proxy that takes no WebSockets is not asked for every second of footage. */
const BROKEN_MS = 60_000;

/** The socket that the players of a server's cameras share, as one of them sees it. */
export class SharedSocket {
  readonly #origin: Origin;
  readonly #camera: number;
  readonly #server: Shared;
  #joined = false;

  constructor(origin: Origin, camera: number) {
    this.#origin = origin;
    this.#camera = camera;
    const key = `${origin.base} ${origin.token ?? ""}`;
    this.#server = servers.get(key) ?? { players: new Map(), socket: null, brokenUntilMs: 0 };
    servers.set(key, this.#server);
  }

  /** As `PlaybackSocket.fragments`; null at once while no other camera is played. */
  fragments(from: Moment, to: Moment, keys: boolean, signal: AbortSignal): Promise<Answer<ReadableStream<Uint8Array>> | null> | null {
    this.#join(true);
    const server = this.#server;
    if (server.players.size < 2 || now() < server.brokenUntilMs) return null;
    server.socket ??= new PlaybackSocket(this.#origin);
    return server.socket.fragments(this.#camera, from, to, keys, signal).then((answer) => {
      if (answer === null) server.brokenUntilMs = now() + BROKEN_MS;
      return answer;
    });
  }

  /** The player is gone. */
  leave(): void {
    this.#join(false);
  }

  #join(joins: boolean): void {
    if (this.#joined === joins) return;
    this.#joined = joins;
    const { players } = this.#server;
    const left = (players.get(this.#camera) ?? 0) + (joins ? 1 : -1);
    if (left > 0) players.set(this.#camera, left);
    else players.delete(this.#camera);
  }
}
