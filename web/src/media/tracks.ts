// The WebSocket that brings the track frames of one camera.
import type { TrackMessage, TrackStats } from "../wire";
import { backoffMs } from "./backoff";
import { now } from "./clock/now";
import { feedUrl, type Origin } from "./origin";
import { TrackMap, type TrackFrame } from "./trackmap";

const WAITS = { firstMs: 300, longestMs: 5_000 };
/** The server sends at least one message a second; after this long without any the line is dead. */
const SILENCE_MS = 5_000;
const PING_MS = 5_000;
/** Pings remembered for the clock offset. */
const PINGS = 8;

/** `connecting`, `open`, or `waiting` to try again. */
export type FeedState = "stopped" | "connecting" | "open" | "waiting";

/** What the feed tells its owner. */
export interface FeedEvents {
  /** A track frame arrived and is in the map. */
  onTrackFrame(frame: TrackFrame): void;
  /** The state changed. `open` means that the server has answered anew. */
  onState(state: FeedState): void;
}

/** Keeps the track frames of one camera coming, from `start` to `stop`, and holds the last of them. */
export class TrackFeed {
  /** The track frames by RTP timestamp. */
  readonly map = new TrackMap();
  readonly #url: string;
  readonly #events: FeedEvents;
  readonly #clock = new ServerClock();
  #socket: WebSocket | null = null;
  #state: FeedState = "stopped";
  #stats: TrackStats | null = null;
  #attempt = 0;
  #heardMs = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #beat: ReturnType<typeof setInterval> | undefined;

  constructor(origin: Origin, camera: number, events: FeedEvents) {
    this.#url = feedUrl(origin, camera);
    this.#events = events;
  }

  /** What the feed is doing. */
  get state(): FeedState {
    return this.#state;
  }

  /** `stats` of the newest message, also of one without a frame; null while the feed is down. */
  get stats(): TrackStats | null {
    return this.#stats;
  }

  /** Milliseconds that the server's clock is ahead of this machine's; null until measured. */
  get clockOffsetMs(): number | null {
    return this.#clock.offsetMs;
  }

  /** Begins, unless it has. */
  start(): void {
    if (this.#state === "stopped") this.#open();
  }

  /** Something says that the way may be free again (the page is back, the network is): looks now, not later. */
  checkNow(): void {
    if (this.#state === "waiting") this.#open();
    else if (this.#state === "open") this.#pulse();
  }

  /** Ends the feed and forgets what it brought. */
  stop(): void {
    this.#close();
    this.map.clear();
    this.#set("stopped");
  }

  #open(): void {
    this.#close();
    this.#set("connecting");
    this.#heardMs = now();
    this.#beat = setInterval(() => {
      this.#pulse();
    }, PING_MS);
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.onopen = () => {
      this.#heardMs = now();
      // Perhaps another server with another media time answers now.
      this.map.clear();
      this.#set("open");
      this.#ping();
    };
    socket.onmessage = (event: MessageEvent<unknown>) => {
      if (typeof event.data === "string") this.#receive(event.data);
    };
    socket.onclose = () => {
      this.#again();
    };
  }

  #receive(text: string): void {
    const nowMs = now();
    this.#heardMs = nowMs;
    this.#attempt = 0;
    const message = parseMessage(text);
    if (message === null) return;
    if ("pong" in message) {
      this.#clock.pong(message.pong, message.server_time, nowMs, Date.now());
      return;
    }
    this.#stats = message.stats;
    const frame = this.map.add(message, nowMs);
    if (frame) this.#events.onTrackFrame(frame);
  }

  #pulse(): void {
    if (now() - this.#heardMs > SILENCE_MS) this.#again();
    else this.#ping();
  }

  #ping(): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify({ ping: now() }));
  }

  #again(): void {
    this.#close();
    this.#set("waiting");
    this.#retry = setTimeout(
      () => {
        this.#open();
      },
      backoffMs(this.#attempt++, Math.random(), WAITS),
    );
  }

  #close(): void {
    clearTimeout(this.#retry);
    clearInterval(this.#beat);
    this.#stats = null;
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    // Browsers complain of a socket that is closed before it is open.
    if (socket.readyState === WebSocket.CONNECTING) socket.onopen = () => { socket.close(); };
    else socket.close();
  }

  #set(state: FeedState): void {
    this.#state = state;
    this.#events.onState(state);
  }
}

/** The server's clock against this machine's, from the ping with the shortest way of the last few. */
export class ServerClock {
  #pings: { roundTripMs: number; offsetMs: number }[] = [];

  /** Milliseconds that the server is ahead; null until the first answer. */
  get offsetMs(): number | null {
    let best: { roundTripMs: number; offsetMs: number } | undefined;
    for (const ping of this.#pings) if (!best || ping.roundTripMs < best.roundTripMs) best = ping;
    return best?.offsetMs ?? null;
  }

  /**
   * The answer to a ping sent at `sentMs` came at `nowMs` (monotonic), which is `unixMs` here; the server wrote
   * `serverSeconds` halfway.
   */
  pong(sentMs: number, serverSeconds: number, nowMs: number, unixMs: number): void {
    const roundTripMs = nowMs - sentMs;
    if (!(roundTripMs >= 0)) return;
    this.#pings.push({ roundTripMs, offsetMs: serverSeconds * 1000 - (unixMs - roundTripMs / 2) });
    if (this.#pings.length > PINGS) this.#pings.shift();
  }
}

/** The message in `text`, or null if it is not one: whatever else may come is none of the player's business. */
export function parseMessage(text: string): TrackMessage | { pong: number; server_time: number } | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  const message: Partial<Record<keyof TrackMessage | "pong" | "server_time", unknown>> = value;
  const { pong, server_time, tracks, timestamp, stats, rtp_timestamp: rtp } = message;
  if (typeof pong === "number" && typeof server_time === "number") return { pong, server_time };
  const whole =
    Array.isArray(tracks) &&
    typeof timestamp === "number" &&
    typeof stats === "object" &&
    stats !== null &&
    (rtp === null || typeof rtp === "number");
  return whole ? (value as TrackMessage) : null;
}
