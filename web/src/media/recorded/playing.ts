// What plays a recording, whichever way the browser decodes it, and what that needs of the player.
import type { Sample } from "./fmp4";
import type { Moment } from "./moment";
import type { Failure } from "./server";

/** What an engine needs of the player. */
export interface EngineHost {
  /** Draws a picture, which is closed when that returns. */
  draw(image: VideoFrame | HTMLVideoElement, sample: Sample, width: number, height: number): void;
  /** Whether the tracks of this picture are there, or will not come. */
  isReady(time: number): boolean;
  /** Something that pages are told of has changed. */
  changed(): void;
  /** A hole in the footage was skipped; media times. */
  skipped(from: number, to: number): void;
  /** This browser cannot play it after all; `name`: what it is coded as. */
  broken(name: string): void;
}

/** What plays a recording. */
export interface Engine {
  readonly isPaused: boolean;
  readonly isSeeking: boolean;
  /** Nothing more is recorded in the direction of play, for now. */
  readonly isEnded: boolean;
  /** The picture on the screen. */
  readonly shown: Sample | null;
  /** Why nothing comes; `nothing`: nothing is recorded there or later. */
  readonly trouble: Failure | "nothing" | null;
  seek(to: Moment): void;
  pause(paused: boolean): void;
  setRate(rate: number): void;
  step(pictures: number): void;
  tick(nowMs: number): void;
  stop(): void;
}
