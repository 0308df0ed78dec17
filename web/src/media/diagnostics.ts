// Everything that a bug report on a player should hold, as one object.
import type { ViewerSession } from "../wire";
import type { PlayerState } from "./state";

/** What the browser says of the video connection. What it does not say is null. */
export interface ConnectionFigures {
  /** Of the video, since the call before. */
  bitrateKbps: number | null;
  packetsReceived: number | null;
  packetsLost: number | null;
  nackCount: number | null;
  pliCount: number | null;
  framesDecoded: number | null;
  framesDropped: number | null;
  freezeCount: number | null;
  /** How long the jitter buffer held a frame, in the mean. */
  jitterBufferMs: number | null;
  roundTripMs: number | null;
  codec: string | null;
  decoder: string | null;
  /** "udp 10.0.0.7:50123 → 10.0.0.5:8189 (host, host)". */
  icePair: string | null;
}

/** A bug report's part about one player. */
export interface Diagnostics {
  /** ISO 8601. */
  at: string;
  page: string;
  browser: string;
  camera: string | null;
  element: { width: number; height: number; pixelRatio: number };
  player: PlayerState | null;
  connection: ConnectionFigures | null;
  /** What the server says of the session: whether it waits for a key frame, and how often it had to. */
  session: ViewerSession | null;
}

type Report = Record<string, unknown>;

/** Bytes of video received so far and when that was, for the bitrate of the next call. */
export interface Received {
  bytes: number;
  atMs: number;
}

/** The figures in a statistics report, and what the next call needs of this one. */
export function connectionFigures(
  report: Iterable<[string, unknown]>,
  before: Received | null,
): { figures: ConnectionFigures; received: Received | null } {
  const all = new Map([...report].map(([id, entry]) => [id, entry as Report]));
  const find = (chosen: (entry: Report) => boolean): Report => [...all.values()].find(chosen) ?? {};
  const inbound = find((entry) => entry.type === "inbound-rtp" && entry.kind === "video");
  const named = (entry: Report, key: string): Report => all.get(text(entry[key]) ?? "") ?? {};
  const transport = named(inbound, "transportId");
  const pair = named(transport, "selectedCandidatePairId");
  const [local, remote] = [named(pair, "localCandidateId"), named(pair, "remoteCandidateId")];
  const [bytes, atMs] = [number(inbound.bytesReceived), number(inbound.timestamp)];
  const received = bytes === null || atMs === null ? null : { bytes, atMs };
  // Another session counts from nothing again.
  const more = received && before && received.bytes >= before.bytes ? received.bytes - before.bytes : null;
  const passedMs = received && before ? received.atMs - before.atMs : 0;
  const held = number(inbound.jitterBufferDelay);
  const emitted = number(inbound.jitterBufferEmittedCount);
  const roundTrip = number(pair.currentRoundTripTime);
  return {
    received,
    figures: {
      bitrateKbps: more !== null && passedMs > 0 ? Math.round((8 * more) / passedMs) : null,
      packetsReceived: number(inbound.packetsReceived),
      packetsLost: number(inbound.packetsLost),
      nackCount: number(inbound.nackCount),
      pliCount: number(inbound.pliCount),
      framesDecoded: number(inbound.framesDecoded),
      framesDropped: number(inbound.framesDropped),
      freezeCount: number(inbound.freezeCount),
      jitterBufferMs: held !== null && emitted !== null && emitted > 0 ? Math.round((1000 * held) / emitted) : null,
      roundTripMs: roundTrip === null ? null : Math.round(1000 * roundTrip),
      codec: text(named(inbound, "codecId").mimeType),
      decoder: text(inbound.decoderImplementation),
      icePair: pair.type === undefined ? null : `${side(local, true)} → ${side(remote, false)} (${text(local.candidateType) ?? "?"}, ${text(remote.candidateType) ?? "?"})`,
    },
  };
}

function side(candidate: Report, protocol: boolean): string {
  // Browsers that hide addresses say nothing, or an empty one.
  const known = text(candidate.address) ?? "";
  const address = `${known === "" ? "?" : known}:${number(candidate.port) ?? "?"}`;
  return protocol ? `${text(candidate.protocol) ?? "?"} ${address}` : address;
}

function number(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
