// What a player knows of its picture, its boxes and its two connections, and what follows from every event: a pure state
// machine. It reads no clock and touches nothing; `Player` tells it what happened and does what it answers.
import type { FeedState } from "./tracks";
import type { WhepState } from "./words";

/** Without a shown frame for this long there is no picture, and words say why. */
const NO_PICTURE_MS = 2_000;
/** The camera is online, the connection stands, and yet no frame comes for this long: the session is broken. */
const SILENT_MS = 6_000;
/** While there is no picture the server is asked this often how the session goes. */
const ASK_MS = 1_000;
/** The feed came back and no frame comes for this long: the server was restarted, and the video went with it. */
const SERVER_GONE_MS = 1_000;
/** With frames for this long after the feed came back, it is the server of before. */
const SERVER_SAME_MS = 3_000;
/** A picture without a single detection for this long: the server is asked how far the model is. */
const NO_BOXES_MS = 2_000;
/** A feed that has not been open for this long is reported. */
const NO_FEED_MS = 3_000;

/** Whether the viewer sees a picture. */
export type PictureState =
  /** A frame was shown at `sinceMs`, or watching began then and the first may still come. */
  | { kind: "expected"; sinceMs: number }
  /**
   * No frame for too long. `onlineSinceMs`: since when every status answer said that the camera sends; `askedMs`: when the
   * server was last asked about the session; `waiting`: it answered that it waits for a key frame.
   */
  | { kind: "missing"; onlineSinceMs: number | null; askedMs: number; waiting: boolean };

/** The video connection; `sinceMs` is when it came to stand. */
export type VideoState = { kind: "playing"; sinceMs: number } | { kind: Exclude<WhepState["kind"], "playing"> };

/** The track feed: on its first way to the server, open, or lost (also while it tries again). Not open since `sinceMs`. */
export type FeedLink = { kind: "connecting" | "lost"; sinceMs: number } | { kind: "open" };

/** Whether the server is known to be the one of before, or the feed came back at `sinceMs` and it may be another. */
export type ServerState = { kind: "same" } | { kind: "returned"; sinceMs: number };

/** Whether boxes may come; else because the feed is not open, or because nothing is ever detected. */
export type BoxState = "expected" | "no-feed" | "undetected";

/** A player that plays. */
export interface Running {
  kind: "running";
  picture: PictureState;
  video: VideoState;
  feed: FeedLink;
  server: ServerState;
  boxes: BoxState;
  /** When the browser last presented a frame, whether it was shown or not. */
  presentedMs: number;
  /** When a message last spoke of detections. */
  detectedMs: number;
}

/** Everything there is to know. */
export type Playback = { kind: "stopped" } | Running;

/** What can happen. */
export type Input =
  | { kind: "start" }
  | { kind: "stop" }
  /** The browser presented a frame. */
  | { kind: "presented" }
  /** A frame was shown, not hidden because the stream catches up. */
  | { kind: "shown" }
  /** A track message counted detections. */
  | { kind: "detected" }
  | { kind: "video"; state: WhepState["kind"] }
  | { kind: "feed"; state: FeedState }
  /** The status route answered; `online`: the camera is, and packets come. */
  | { kind: "status"; online: boolean }
  /** The server answered how the session goes. */
  | { kind: "session"; waiting: boolean }
  /** Some time passed. `blind`: the page is hidden, so that a browser presents nothing and silence means nothing. */
  | { kind: "tick"; blind: boolean };

/** What is to be done. */
export type Effect =
  /** A video connection that waits to try again does it now. */
  | { kind: "retry-now" }
  /** The session is given up for a new one. */
  | { kind: "restart"; why: "lost" | "silent" }
  /** The server is asked how the session goes. */
  | { kind: "ask" }
  /** Media time may be another one: what is known of its newest is forgotten. */
  | { kind: "forget-edge" };

/** The state after `input`, which happened at `nowMs` of the page's monotonic clock, and what is to be done. */
export function handle(state: Playback, input: Input, nowMs: number): [Playback, Effect[]] {
  if (input.kind === "start") return [state.kind === "stopped" ? started(nowMs) : state, []];
  if (state.kind === "stopped" || input.kind === "stop") return [{ kind: "stopped" }, []];
  switch (input.kind) {
    case "presented":
      return [{ ...state, presentedMs: nowMs }, []];
    case "shown":
      return [{ ...state, picture: { kind: "expected", sinceMs: nowMs } }, []];
    case "detected":
      return [{ ...state, detectedMs: nowMs }, []];
    case "video":
      return [{ ...state, video: input.state === "playing" ? { kind: input.state, sinceMs: nowMs } : { kind: input.state } }, []];
    case "feed":
      return feedChanged(state, input.state, nowMs);
    case "status":
    case "session":
      return [{ ...state, picture: answered(state.picture, input, nowMs) }, []];
    case "tick":
      return input.blind ? [hiddenTick(state, nowMs), []] : ticked(state, nowMs);
  }
}

function started(nowMs: number): Running {
  return {
    kind: "running",
    picture: { kind: "expected", sinceMs: nowMs },
    video: { kind: "idle" },
    feed: { kind: "connecting", sinceMs: nowMs },
    server: { kind: "same" },
    boxes: "expected",
    presentedMs: nowMs,
    detectedMs: nowMs,
  };
}

function feedChanged(state: Running, feed: FeedState, nowMs: number): [Running, Effect[]] {
  const before = state.feed;
  switch (feed) {
    case "waiting":
      return [{ ...state, feed: { kind: "lost", sinceMs: before.kind === "open" ? nowMs : before.sinceMs } }, []];
    case "open": {
      const opened: Running = { ...state, feed: { kind: "open" } };
      if (before.kind !== "lost") return [opened, []];
      const [checked, effects] = serverChecked({ ...opened, server: { kind: "returned", sinceMs: nowMs } }, nowMs);
      return [checked, [{ kind: "forget-edge" }, ...effects]];
    }
    case "connecting":
    case "stopped":
      return [state, []];
  }
}

/** Answers say something of a picture that is missing, and nothing once it is there. */
function answered(picture: PictureState, input: Input & { kind: "status" | "session" }, nowMs: number): PictureState {
  if (picture.kind === "expected") return picture;
  if (input.kind === "session") return { ...picture, waiting: input.waiting };
  return { ...picture, onlineSinceMs: input.online ? (picture.onlineSinceMs ?? nowMs) : null };
}

/** While nobody can see frames, their absence is counted from when somebody can again. */
function hiddenTick(state: Running, nowMs: number): Running {
  const video: VideoState = state.video.kind === "playing" ? { kind: "playing", sinceMs: nowMs } : state.video;
  return { ...state, video, picture: { kind: "expected", sinceMs: nowMs }, presentedMs: nowMs };
}

function ticked(before: Running, nowMs: number): [Running, Effect[]] {
  const [picture, asks] = pictureChecked(before, nowMs);
  const [state, effects] = serverChecked({ ...before, picture, boxes: boxesChecked(before, picture, nowMs) }, nowMs);
  if (effects.length === 0 && isSilent(state, nowMs)) effects.push({ kind: "restart", why: "silent" });
  return [state, [...asks, ...effects]];
}

function pictureChecked({ picture: before, video }: Running, nowMs: number): [PictureState, Effect[]] {
  let picture = before;
  if (picture.kind === "expected") {
    if (nowMs - picture.sinceMs < NO_PICTURE_MS) return [picture, []];
    picture = { kind: "missing", onlineSinceMs: null, askedMs: -Infinity, waiting: false };
  }
  if (video.kind !== "playing") return [{ ...picture, waiting: false }, []];
  return nowMs - picture.askedMs < ASK_MS ? [picture, []] : [{ ...picture, askedMs: nowMs }, [{ kind: "ask" }]];
}

function boxesChecked({ feed, detectedMs }: Running, picture: PictureState, nowMs: number): BoxState {
  if (picture.kind === "missing") return "expected";
  if (feed.kind !== "open") return nowMs - feed.sinceMs > NO_FEED_MS ? "no-feed" : "expected";
  return nowMs - detectedMs > NO_BOXES_MS ? "undetected" : "expected";
}

/** After the feed came back: if the video did not go on, there is another server, and a new session is needed. */
function serverChecked(state: Running, nowMs: number): [Running, Effect[]] {
  const { server, video } = state;
  if (server.kind === "same") return [state, []];
  const same: Running = { ...state, server: { kind: "same" } };
  if (video.kind === "retrying") return [same, [{ kind: "retry-now" }]];
  if (nowMs - state.presentedMs > SERVER_GONE_MS) return [same, [{ kind: "restart", why: "lost" }]];
  return [nowMs - server.sinceMs < SERVER_SAME_MS ? state : same, []];
}

/** Connected, camera online, and yet no frame: the session is broken in a way that nobody noticed. */
function isSilent({ picture, video, presentedMs }: Running, nowMs: number): boolean {
  if (video.kind !== "playing" || picture.kind === "expected" || picture.onlineSinceMs === null) return false;
  return nowMs - Math.max(presentedMs, video.sinceMs, picture.onlineSinceMs) > SILENT_MS;
}
