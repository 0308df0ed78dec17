// Every sentence the player says to people, in one place.
import type { CameraStatus, Problem, Stats, ViewerSession } from "../wire";

/** Why a WHEP exchange failed. */
export type WhepFailure =
  | { kind: "network" }
  | { kind: "http"; status: number; problem: Problem | null }
  | { kind: "answer"; detail: string }
  | { kind: "path" }
  | { kind: "lost" }
  | { kind: "silent" }
  | { kind: "browser" };

/** The failure in words, without a full stop. */
export function whepFailureWords(failure: WhepFailure): string {
  switch (failure.kind) {
    case "network":
      return "the server does not answer";
    case "http":
      return httpWords(failure.status, failure.problem);
    case "answer":
      return `the server's answer was not understood (${failure.detail})`;
    case "path":
      return "no way through for the video: neither its UDP nor its TCP port can be reached from here (`webrtc_udp` and `advertise` in razz.toml)";
    case "lost":
      return "the connection was lost";
    case "silent":
      return "the camera is online, but its video stopped coming";
    case "browser":
      return "this browser has no WebRTC, or it is turned off";
  }
}

function httpWords(status: number, problem: Problem | null): string {
  const said = problem?.detail ?? problem?.title;
  switch (status) {
    case 401:
      return "sign in to watch this camera";
    case 403:
      return "you may not watch this camera";
    case 404:
      return "there is no such camera on this server";
    default:
      return said ? lowerFirst(said.replace(/\.$/, "")) : `the server answered ${status}`;
  }
}

/** The first letter small, unless the word is an abbreviation such as "UDP". */
function lowerFirst(text: string): string {
  return /^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}

/** What the video connection is doing. */
export type WhepState =
  | { kind: "idle" }
  | { kind: "connecting" }
  | { kind: "playing" }
  | { kind: "retrying"; atMs: number; why: string };

/** "retrying in 3 s: the server does not answer". `nowMs` is on the clock of `atMs`. */
export function whepStateWords(state: WhepState, nowMs: number): string {
  switch (state.kind) {
    case "idle":
      return "stopped";
    case "connecting":
      return "connecting";
    case "playing":
      return "playing";
    case "retrying": {
      const seconds = Math.max(0, Math.ceil((state.atMs - nowMs) / 1000));
      return seconds > 0 ? `retrying in ${seconds} s: ${state.why}` : `retrying now: ${state.why}`;
    }
  }
}

/** What the camera's status route said last. */
export type StatusAnswer =
  | { kind: "unknown" }
  | { kind: "status"; status: CameraStatus }
  | { kind: "failed"; failure: WhepFailure };

const KEY_FRAME = [
  "Waiting for the camera's next key frame.",
  "This connection lost too much, or is too slow for this video.",
];

/**
 * Why there is no picture, for the middle of the player: a headline, then details, one a line. `waiting`: the server sends
 * nothing until a key frame comes.
 */
export function noPictureWords(
  answer: StatusAnswer,
  video: WhepState,
  nowMs: number,
  time: TimeWords,
  waiting = false,
): string[] {
  const connection = sentence(whepStateWords(video, nowMs));
  if (answer.kind === "failed") {
    return [sentence(whepFailureWords(answer.failure)), ...(video.kind === "retrying" ? [connection] : [])];
  }
  const waits = video.kind === "playing" ? "Waiting for the picture…" : connection;
  if (answer.kind === "unknown") return [waits];
  const { state, since, last_error, advice } = answer.status;
  const error = last_error ? [sentence(last_error)] : [];
  switch (state) {
    case "connecting":
      return ["Connecting to the camera…", ...error];
    case "offline":
      return [`Camera offline since ${time(since)}.`, ...error];
    case "stalled":
      return [`The camera has sent no pictures since ${time(since)}.`, ...error];
    case "unsupported":
      return ["This camera's video cannot be shown.", ...error, ...advice.map(sentence)];
    case "online":
      return waiting && video.kind === "playing" ? KEY_FRAME : [waits];
  }
}

/**
 * What is shown and why: "360p: the path carries 0.7 Mbit/s". `report` is the server's on this `rendition`; `unplayable` is
 * what of the camera's stream this browser cannot play, as far as it is known.
 */
export function renditionWords(rendition: string | null, report: ViewerSession | null, unplayable: string): string {
  const { why = null, estimate_kbps: kbps = null }: Partial<ViewerSession> = report ?? {};
  if (rendition === null || why === null) return rendition ?? "";
  const reason = {
    path: `the path carries ${kbps === null ? "no more" : `${Number((kbps / 1000).toPrecision(kbps < 1000 ? 1 : 2))} Mbit/s`}`,
    size: "as large as shown here",
    choice: "your choice",
    setting: "this server's setting",
    format: `this browser cannot play the camera's ${unplayable}`,
  }[why];
  return `${rendition}: ${reason}`;
}

/** What of a camera's stream a browser cannot play. */
export function unplayableWords({ codec, b_frames }: CameraStatus): string {
  return b_frames === true ? "B-frames" : (codec?.replace(/^H(?=\d)/, "H.") ?? "video");
}

/** The video comes, the tracks do not. */
export const NO_FEED = ["No boxes: the WebSocket does not get through. Does a proxy pass upgrades of /ws/?"];

/** Why there are no boxes though there is a picture; empty if nothing is wrong, or nothing is known. */
export function noBoxesWords(stats: Stats | null, camera: number): string[] {
  const status = stats?.cameras[String(camera)];
  if (!stats || !status) return [];
  if (status.fps.wanted === 0) return ["Detection is off for this camera (detect_fps = 0)."];
  switch (stats.model_state) {
    case "loading":
      return [`The model ${stats.model} is loading; boxes come when it is ready.`];
    case "failed":
      return ["No boxes: there is no model.", sentence(stats.model_error ?? "the server's log says why")];
    case "off":
      return ["Detection is off on this server."];
    case "ready":
      return status.b_frames === true ? [] : status.fps.decoded === 0 ? ["No boxes: this camera's pictures cannot be decoded.", ...status.advice.map(sentence)] : [];
  }
}

/** UNIX seconds as the viewer writes a time. */
export type TimeWords = (unixSeconds: number) => string;

/** The time of day if `unixSeconds` lies within the last 20 hours, else with its date. */
export const localTime: TimeWords = (unixSeconds) => {
  const date = new Date(unixSeconds * 1000);
  const recent = Math.abs(Date.now() - date.getTime()) < 20 * 3_600_000;
  return recent ? date.toLocaleTimeString() : date.toLocaleString();
};

/** `text` with a capital. What begins with an address or a host keeps its first letter. */
export function capitalised(text: string): string {
  return /^[a-z'-]+(?:[ ,]|[.!?…]*$)/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}

/** `text` as a sentence. */
function sentence(text: string): string {
  const capital = capitalised(text.trim());
  return /[.!?…]$/.test(capital) ? capital : `${capital}.`;
}
