// The line of figures beneath a single camera.
import type { PlayerState } from "../media";
import type { CameraStatus, Latency } from "../wire";

/** What detection takes now: null while nothing is detected, when the last figures are those of another time. */
export function latencyOf(status: CameraStatus | null): Latency | null {
  return status !== null && status.state === "online" && status.fps.detected > 0 ? status.latency_ms : null;
}

/** How a camera is looked at while nothing moves; nothing where something does. */
export function idleWords({ idle }: CameraStatus): string {
  return idle === "key_frames"
    ? "Nothing moves: only key frames are decoded."
    : idle === "all_frames" ? "Nothing moves: the detector looks once a second." : "";
}

/** How many tracks the newest message has; null while there is no picture, when nobody knows. */
export function activeTracks(state: PlayerState | null): number | null {
  return state === null || state.noPicture.length > 0 ? null : (state.stats?.active_tracks ?? null);
}

/** Name and value of each figure; a dash where there is nothing to tell. */
export function figures(state: PlayerState | null, status: CameraStatus | null): [string, string][] {
  const ms = (value: number | null | undefined): string => (value === null || value === undefined ? "–" : `${Math.round(value)} ms`);
  const stats = state?.stats ?? null;
  return [
    ["picture", state ? `${state.fps} fps` : "–"],
    ["encoding", state && state.renditionWords !== "" ? state.renditionWords : "–"],
    ["detection", stats ? `${stats.fps.toFixed(1)} fps` : "–"],
    ["detection latency", ms(latencyOf(status)?.p50)],
    ["playout", ms(state?.playoutMs)],
    ["held for tracks", ms(state?.mode === "exact" ? state.holdMs : null)],
    ["boxes", state ? boxWords(state) : "–"],
  ];
}

/** "exact", or by how much the boxes may be off: "near, within 40 ms", "extrapolated by 67 ms". */
function boxWords({ frameMode, skewMs }: PlayerState): string {
  if (frameMode === "none" || frameMode === "exact" || skewMs === null) return frameMode;
  const by = frameMode === "near" ? ", within" : " by";
  return `${frameMode}${by} ${Math.abs(Math.round(skewMs))} ms`;
}
