// The line of figures beneath a single camera.
import type { PlayerState } from "../media";

/** Name and value of each figure; a dash where there is nothing to tell. */
export function figures(state: PlayerState | null): [string, string][] {
  const ms = (value: number | null | undefined): string => (value === null || value === undefined ? "–" : `${Math.round(value)} ms`);
  const stats = state?.stats ?? null;
  return [
    ["picture", state ? `${state.fps} fps` : "–"],
    ["detection", stats ? `${stats.fps.toFixed(1)} fps` : "–"],
    ["tracks", stats ? String(stats.active_tracks) : "–"],
    ["detection latency", ms(stats?.latency_ms)],
    ["playout", ms(state?.playoutMs)],
    ["held for tracks", ms(state?.mode === "exact" ? state.holdMs : null)],
    ["boxes", state ? boxWords(state) : "–"],
  ];
}

/** "exact", or by how much the boxes were carried on: "extrapolated by 67 ms". */
function boxWords({ frameMode, skewMs }: PlayerState): string {
  if (frameMode === "none" || frameMode === "exact" || skewMs === null) return frameMode;
  return `${frameMode} by ${Math.abs(Math.round(skewMs))} ms`;
}
