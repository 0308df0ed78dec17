// One WHEP exchange and its peer connection (draft-ietf-wish-whep): offer, answer, what is wanted meanwhile, DELETE.
import type { ViewerSession } from "../wire";
import { problemOf, requestHeaders, type Origin } from "./origin";
import { same } from "./same";
import { fetchJson } from "./server";
import { isNews, wantedQuery, type Wanted } from "./wanted";
import type { WhepFailure } from "./words";

/** ICE and DTLS have this long after the answer. */
const CONNECT_MS = 10_000;
/** A broken connection may mend itself for this long. */
const MEND_MS = 5_000;
/** A session that is ended waits this long at most for the server to say so, before its connection is closed. */
const DELETE_MS = 1_000;
/** The server has this long to answer an offer. */
const ANSWER_MS = 8_000;
/** A size that goes on changing, as while a window is dragged, is told when it has stayed for this long. */
const SETTLE_MS = 500;

/** What a session tells its owner. After `onEnd` nothing more comes. */
export interface SessionEvents {
  /** The media arrives in this stream; it may not have begun to. */
  onStream(stream: MediaStream): void;
  /** ICE and DTLS are through. */
  onConnected(): void;
  /** The server says how the session goes, because it was told what is wanted now. */
  onReport(report: ViewerSession): void;
  /** The session failed and is closed. */
  onEnd(failure: WhepFailure): void;
}

/** A peer connection that receives one camera's video. */
export class WhepSession {
  readonly #peer: RTCPeerConnection;
  readonly #receiver: RTCRtpReceiver;
  readonly #origin: Origin;
  readonly #events: SessionEvents;
  readonly #abort = new AbortController();
  #resource: string | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wasConnected = false;
  #over = false;
  #wanted: Wanted;
  /** What the server was told of it. */
  #told: Wanted;
  /** A request that tells it is under way. */
  #telling = false;
  #settling: ReturnType<typeof setTimeout> | undefined;

  /**
   * Opens the session at once. `iceServers`: what the server named last time (WHEP, section 4.4). Throws where
   * WebRTC is missing.
   */
  constructor(origin: Origin, camera: number, iceServers: RTCIceServer[], wanted: Wanted, events: SessionEvents) {
    this.#origin = origin;
    this.#wanted = this.#told = wanted;
    this.#events = events;
    this.#peer = new RTCPeerConnection({ iceServers, bundlePolicy: "max-bundle" });
    this.#receiver = this.#peer.addTransceiver("video", { direction: "recvonly" }).receiver;
    this.#peer.onconnectionstatechange = () => {
      this.#watch();
    };
    events.onStream(new MediaStream([this.#receiver.track]));
    void this.#negotiate(`${origin.base}/whep/${camera}${wantedQuery(wanted)}`);
  }

  /** ICE servers that this answer named, for the next session. */
  iceServers: RTCIceServer[] = [];

  /** Holds playout for `ms` beyond what the jitter buffer needs; ignored by browsers that cannot. */
  hold(ms: number): void {
    const receiver = this.#receiver as RTCRtpReceiver & { jitterBufferTarget?: number | null };
    if ("jitterBufferTarget" in receiver) receiver.jitterBufferTarget = ms;
  }

  /** Wants something else from now on: the server hears of a quality at once, of a size when it stays. */
  want(wanted: Wanted): void {
    if (same(wanted, this.#wanted)) return;
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => void this.#tell(), wanted.quality === this.#wanted.quality ? SETTLE_MS : 0);
    this.#wanted = wanted;
  }

  /** Tells the server what it has not heard yet; one that knows no such request goes on as before. */
  async #tell(): Promise<void> {
    if (this.#resource === null || this.#over || this.#telling || !isNews(this.#told, this.#wanted)) return;
    this.#told = this.#wanted;
    this.#telling = true;
    try {
      const response = await fetch(this.#resource, {
        method: "PATCH",
        headers: { "Content-Type": "application/merge-patch+json", ...requestHeaders(this.#origin) },
        body: JSON.stringify(this.#told),
        signal: this.#abort.signal,
      });
      const report = response.status === 200 ? ((await response.json()) as ViewerSession) : null;
      if (report && !this.#abort.signal.aborted) this.#events.onReport(report);
    } catch {
      // Whoever cannot be reached sends what was wanted before.
    }
    this.#telling = false;
    void this.#tell();
  }

  /** The browser's figures on the connection. */
  stats(): Promise<RTCStatsReport> {
    return this.#peer.getStats();
  }

  /** How the session goes, as the server sees it; null where it does not say. */
  async serverReport(): Promise<ViewerSession | null> {
    return this.#resource === null ? null : fetchJson(this.#origin, this.#resource, this.#abort.signal);
  }

  /**
   * Ends the session here and on the server. The server is told first: once it hears that the connection is closed it
   * knows no such session. `atOnce`: the page goes, and its connections have to go with it.
   */
  close(atOnce = false): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#settling);
    this.#abort.abort();
    this.#peer.onconnectionstatechange = null;
    const close = (): void => {
      this.#peer.close();
    };
    if (this.#resource !== null) void this.#delete(this.#resource).then(close);
    if (this.#resource === null || atOnce) close();
  }

  async #negotiate(url: string): Promise<void> {
    const late = setTimeout(() => {
      this.#end({ kind: "network" });
    }, ANSWER_MS);
    try {
      const offer = await this.#peer.createOffer();
      await this.#peer.setLocalDescription(offer);
      // The server is ICE-lite and its answer complete: it needs no candidate of ours, so nothing waits for them.
      const response = await fetch(url, {
        method: "POST",
        headers: { "Content-Type": "application/sdp", ...requestHeaders(this.#origin) },
        body: this.#peer.localDescription?.sdp ?? offer.sdp ?? "",
        signal: this.#abort.signal,
      });
      clearTimeout(late);
      if (response.status !== 201) {
        this.#end({ kind: "http", status: response.status, problem: await problemOf(response) });
        return;
      }
      const location = response.headers.get("location");
      this.#resource = location === null ? null : new URL(location, response.url || url).href;
      this.iceServers = iceServersOf(response.headers.get("link"));
      await this.#accept(await response.text());
      void this.#tell();
    } catch {
      // The request was cut off: by `close`, or because nobody answers there.
      this.#end({ kind: "network" });
    } finally {
      clearTimeout(late);
    }
  }

  async #accept(sdp: string): Promise<void> {
    if (this.#over) {
      // Closed while the answer was on its way: the server holds a session that nobody wants.
      if (this.#resource !== null) void this.#delete(this.#resource);
      return;
    }
    this.#timer = setTimeout(() => {
      this.#end({ kind: "path" });
    }, CONNECT_MS);
    try {
      await this.#peer.setRemoteDescription({ type: "answer", sdp });
    } catch (error) {
      this.#end({ kind: "answer", detail: error instanceof Error ? error.message : "no SDP" });
    }
  }

  #watch(): void {
    switch (this.#peer.connectionState) {
      case "connected":
        this.#wasConnected = true;
        clearTimeout(this.#timer);
        this.#events.onConnected();
        break;
      case "disconnected":
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => {
          this.#end({ kind: "lost" });
        }, MEND_MS);
        break;
      case "failed":
        this.#end({ kind: this.#wasConnected ? "lost" : "path" });
        break;
      case "closed":
        // It was the server who ended it: there is nothing to tell it.
        this.#resource = null;
        this.#end({ kind: "lost" });
        break;
      case "new":
      case "connecting":
        break;
    }
  }

  #end(failure: WhepFailure): void {
    if (this.#over) return;
    this.close();
    this.#events.onEnd(failure);
  }

  async #delete(resource: string): Promise<void> {
    const options = { method: "DELETE", keepalive: true, headers: requestHeaders(this.#origin), signal: AbortSignal.timeout(DELETE_MS) };
    // The server also notices by itself that nobody is there; this only frees the place sooner.
    await fetch(resource, options).catch(() => undefined);
  }
}

/** The ICE servers in a `Link` header: `<turn:host:3478>; rel="ice-server"; username="u"; credential="c"`. */
export function iceServersOf(link: string | null): RTCIceServer[] {
  const servers: RTCIceServer[] = [];
  for (const part of (link ?? "").split(/,\s*(?=<)/)) {
    const url = /^\s*<([^>]+)>/.exec(part)?.[1];
    if (url === undefined || !/;\s*rel\s*=\s*"?ice-server"?/i.test(part)) continue;
    const value = (name: string): string | undefined =>
      new RegExp(`;\\s*${name}\\s*=\\s*"((?:[^"\\\\]|\\\\.)*)"`, "i").exec(part)?.[1]?.replace(/\\(.)/g, "$1");
    const username = value("username");
    const credential = value("credential");
    const signedIn = username !== undefined && credential !== undefined ? { username, credential } : {};
    servers.push({ urls: url, ...signedIn });
  }
  return servers;
}
