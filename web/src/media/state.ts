// What a player says of itself: for pages that show it, and for bug reports.
import type { TrackStats, ViewerSession } from "../wire";
import type { GateState } from "./catchup";
import type { FrameSource } from "./frames";
import type { FrameCounts, PlayerMode } from "./presenter";
import type { Rendition } from "./rendition";
import type { FeedState } from "./tracks";
import type { FrameMode } from "./trackmap";
import type { WhepState } from "./words";

/** `player.state`, and the detail of the `razz-state` event that comes about four times a second while it changes. */
export interface PlayerState {
  mode: PlayerMode;
  /** The video connection. */
  video: WhepState["kind"];
  /** The same in words: "retrying in 3 s: the server does not answer". */
  videoWords: string;
  /** The track feed. */
  feed: FeedState;
  /** What names the frames. */
  frameSource: FrameSource;
  /** Frames whose name may be another picture's (only with `callback`). */
  doubtful: number;
  /** Whether frames are shown, or hidden because the stream catches up. */
  gate: GateState;
  /** How the boxes of the last drawn frame were found. */
  frameMode: FrameMode;
  /** Milliseconds between picture and boxes. */
  skewMs: number | null;
  /** The same over the last 600 frames, without sign. */
  skewsMs: Percentiles | null;
  /** What drawing boxes, trails and labels costs the page, in milliseconds a frame. */
  boxCostMs: Percentiles | null;
  /** From a frame's last packet in at the server to its tracks out, over the last 120 messages with something detected. */
  detectionMs: Percentiles | null;
  /** How long playout has to be held for the tracks. */
  holdMs: number;
  /** The longest that it may be. */
  holdLimitMs: number;
  /** What the jitter buffer is told to that end. */
  jitterBufferTargetMs: number;
  /** From a frame's last packet in the browser to its presentation, median of the last second. */
  playoutMs: number | null;
  /** Frames drawn per second. */
  fps: number;
  counts: FrameCounts;
  /** Width and height of the picture. */
  pictureSize: readonly [number, number] | null;
  /** Which encoding of the camera the last drawn frame is; null before the first. */
  rendition: Rendition | null;
  /** Why it is not the camera's own; null when it is, or while that is not known. */
  renditionWhy: ViewerSession["why"];
  /** Both in words: "360p: the path carries 0.7 Mbit/s". */
  renditionWords: string;
  /** What the server says beside the tracks. */
  stats: TrackStats | null;
  /** Milliseconds that the server's clock is ahead. */
  clockOffsetMs: number | null;
  /** Whether picture and boxes are in a window of their own. */
  pictureInPicture: boolean;
  /** Why there are no boxes, though there is a picture, one line each; empty while nothing is wrong. */
  noBoxes: string[];
  /** Why there is no picture, one line each; empty while there is one. */
  noPicture: string[];
}

/** What half, and 95 of 100, stay under. */
export interface Percentiles {
  p50: number;
  p95: number;
}
