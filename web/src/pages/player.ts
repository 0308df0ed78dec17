// The custom element as a typed tag of JSX.
import type { FunctionComponent, RefObject } from "preact";
import "../media";
import type { DrawnFrame, PlayerMode, PlayerState } from "../media";

/** What a frame of a recording adds to a drawn one. */
export interface RecordedFrame extends DrawnFrame {
  /** UNIX seconds. */
  unix?: number;
  /** The frame's name: 90 kHz ticks in decimal. */
  mediaTime?: string;
}

/** A hole that a player has skipped. */
export interface SkippedGap {
  from: number | string;
  to: number | string;
}

/** How the playing of a recording stands. */
export interface Playback {
  paused: boolean;
  rate: number;
  unix: number | null;
  seeking: boolean;
  ended: boolean;
}

/** Its attributes and events as the pages use them. */
export interface PlayerProps {
  camera: number;
  /** A recorded moment to begin with. */
  at?: string;
  ref?: RefObject<HTMLElement | null>;
  mode?: PlayerMode;
  controls?: boolean;
  "when-visible"?: boolean;
  "no-labels"?: boolean;
  "no-trails"?: boolean;
  "no-boxes"?: boolean;
  "no-indicator"?: boolean;
  classes?: string;
  "aria-label"?: string;
  "onrazz-state"?: (event: CustomEvent<PlayerState>) => void;
  "onrazz-frame"?: (event: CustomEvent<RecordedFrame>) => void;
  "onrazz-playback"?: (event: CustomEvent<Playback>) => void;
  "onrazz-gap"?: (event: CustomEvent<SkippedGap>) => void;
}

/** `<razz-player>`: at run time nothing but the name of the tag. */
export const RazzPlayer = "razz-player" as unknown as FunctionComponent<PlayerProps>;
