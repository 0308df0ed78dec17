// What passes between the element, the page around it and the player of recordings.
import type { PlayerView } from "../player";
import type { DrawnFrame } from "../presenter";

/** What pages are told of a recorded frame, beside what they are of every one. */
export interface RecordedFrame extends DrawnFrame {
  /** The whole media time, in 90 kHz ticks. */
  mediaTime: string;
  /** The wall time of the frame, UNIX seconds. */
  unix: number;
}

/** The detail of `razz-playback`, which comes when something of it but the time has changed. */
export interface PlaybackDetail {
  paused: boolean;
  rate: number;
  /** Of the frame on the screen; null before the first. */
  unix: number | null;
  /** A moment is being looked for. */
  seeking: boolean;
  /** Nothing more is recorded in the direction of play, for now. */
  ended: boolean;
}

/** The detail of `razz-gap`: where nothing is recorded, in UNIX seconds. */
export interface GapDetail {
  from: number;
  to: number;
}

/** What the element wants to be played; the element keeps it while the player is being loaded. */
export interface Wish {
  at: string;
  rate: string | null;
  paused: boolean;
}

/** What the player of recordings needs beside what every player does. */
export interface RecordedView extends PlayerView {
  element: HTMLElement;
  dispatch(type: "razz-playback" | "razz-gap", detail: PlaybackDetail | GapDetail): void;
}
