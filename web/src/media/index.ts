// The player as a module of its own: importing /player.js defines <razz-player>.
import { RazzPlayer, type RazzPlayerEvents } from "./element";

export { cameraId } from "./origin";
export type { DrawnFrame, DrawnTrack, FrameCounts, PlayerMode } from "./presenter";
export type { GapDetail, PlaybackDetail, RecordedFrame } from "./recorded";
export type { Rendition } from "./rendition";
export type { FrameMode } from "./trackmap";
export type { Diagnostics } from "./diagnostics";
export type { Percentiles, PlayerState } from "./state";
export type { FrameSource } from "./frames";
export { RazzPlayer, type RazzPlayerEvents };

if (!customElements.get("razz-player")) customElements.define("razz-player", RazzPlayer);

declare global {
  interface HTMLElementTagNameMap {
    "razz-player": RazzPlayer;
  }
}
