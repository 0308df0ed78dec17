// The custom element as a typed tag of JSX.
import type { FunctionComponent } from "preact";
import "../media";
import type { DrawnFrame, PlayerMode, PlayerState } from "../media";

/** Its attributes and events as the pages use them. */
export interface PlayerProps {
  camera: number;
  mode?: PlayerMode;
  controls?: boolean;
  "when-visible"?: boolean;
  "no-labels"?: boolean;
  "no-trails"?: boolean;
  "no-boxes"?: boolean;
  "aria-label"?: string;
  "onrazz-state"?: (event: CustomEvent<PlayerState>) => void;
  "onrazz-frame"?: (event: CustomEvent<DrawnFrame>) => void;
}

/** `<razz-player>`: at run time nothing but the name of the tag. */
export const RazzPlayer = "razz-player" as unknown as FunctionComponent<PlayerProps>;
