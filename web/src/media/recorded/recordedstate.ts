// What a player of recordings says of itself, in the words of every player: most of what live video has it has not.
import { skewMs, type DrawnFrame, type Presenter } from "../presenter";
import type { PlayerState } from "../state";

/** What of it changes. */
export interface Playing {
  presenter: Presenter;
  frame: DrawnFrame | null;
  fps: number;
  noPicture: string[];
  words: string;
  isPlaying: boolean;
  isOpaque: boolean;
}

/** The state of a player of recordings. */
export function recordedState({ presenter, frame, fps, noPicture, words, isPlaying, isOpaque }: Playing): PlayerState {
  return {
    mode: "exact",
    video: isPlaying ? "playing" : "connecting",
    videoWords: words,
    feed: "stopped",
    frameSource: presenter.source,
    doubtful: 0,
    gate: isPlaying ? "live" : "waiting",
    frameMode: frame?.mode ?? "none",
    skewMs: skewMs(frame),
    skewsMs: presenter.skewsMs,
    boxCostMs: presenter.costMs,
    detectionMs: null,
    holdMs: 0,
    holdLimitMs: 0,
    jitterBufferTargetMs: 0,
    playoutMs: null,
    fps,
    counts: { ...presenter.counts },
    pictureSize: presenter.pictureSize,
    rendition: frame?.rendition ?? null,
    renditionWhy: null,
    renditionWords: frame?.rendition ?? "",
    stats: null,
    clockOffsetMs: null,
    pictureInPicture: isOpaque,
    noBoxes: [],
    noPicture,
  };
}
