// The checks of the troubleshooting page: what decides why there is no video, no boxes, or boxes beside their objects.
import type { Diagnostics } from "../media";
import type { Stats } from "../wire";

/** `good`: not the reason. `bad`: the reason, or part of it. `open`: cannot be said yet. */
export type Result = "good" | "bad" | "open";

/** One check: its question, the answer, and what to do where it is bad. */
export interface Check {
  question: string;
  result: Result;
  answer: string;
}

/** What the page knows. */
export interface Known {
  camera: number;
  /** Null: the server does not answer. */
  stats: Stats | null;
  diagnostics: Diagnostics | null;
}

type Verdict = readonly [Result, string];

const check = (question: string, [result, answer]: Verdict): Check => ({ question, result, answer });
const open = (why: string): Verdict => ["open", why];

/** Why is there no video? In the order in which one thing hangs on the other. */
export function videoChecks({ camera, stats, diagnostics }: Known): Check[] {
  const status = stats?.cameras[String(camera)];
  const player = diagnostics?.player ?? null;
  const connection = diagnostics?.connection ?? null;
  return [
    check("Does the server answer?", stats ? ["good", `razz ${stats.version}`] : ["bad", "No. Is razz running, and its port open to this browser?"]),
    check("Is the camera online?", !status
      ? open("The server knows no such camera.")
      : status.state === "online"
        ? ["good", "Yes."]
        : ["bad", `It is ${status.state}. ${status.last_error ?? ""}`]),
    check("Can its video be shown?", !status?.codec
      ? open("Nothing has come from the camera yet.")
      : status.codec === "H265" && connection?.framesDecoded
        ? ["good", "H.265, which this browser plays."]
      : status.codec !== "H264"
        ? ["bad", `It sends ${status.codec}; set the camera to H.264. ${status.advice.join(" ")}`]
        : status.b_frames === true
          ? ["bad", `It sends B-frames. ${status.advice.join(" ") || "Set B-frames to 0 or the profile to Baseline on the camera."}`]
          : ["good", `H.264 ${status.profile ?? ""}, no B-frames.`]),
    check("Does the video get through?", connection?.icePair
      ? ["good", connection.icePair]
      : player?.video === "retrying"
        ? ["bad", player.videoWords]
        : open(player ? "The connection is being made." : "The player is not running.")),
    check("Does the browser decode it?", connection?.framesDecoded
      ? ["good", `${connection.framesDecoded} frames, ${connection.framesDropped ?? 0} dropped${connection.decoder ? `, by ${connection.decoder}` : ""}.`]
      : player?.video === "playing"
        ? ["bad", "The connection stands, and no frame was decoded. The camera's key frames may be far apart (set the GOP to 2 s)."]
        : open("There is no connection yet.")),
  ];
}

/** Why are there no boxes? */
export function boxChecks({ camera, stats, diagnostics }: Known): Check[] {
  const status = stats?.cameras[String(camera)];
  const player = diagnostics?.player ?? null;
  return [
    check("Is detection on for this camera?", !status
      ? open("The server does not say.")
      : status.fps.wanted > 0
        ? ["good", `${status.fps.wanted.toFixed(1)} a second are wanted.`]
        : ["bad", "detect_fps is 0 in razz.toml."]),
    check("Is the model ready?", !stats
      ? open("The server does not say.")
      : stats.model_state === "ready"
        ? ["good", `${stats.model}, ${stats.engine ?? "unknown engine"}.`]
        : stats.model_state === "loading"
          ? open(`${stats.model} is loading.`)
          : ["bad", stats.model_error ?? "Detection is off on this server."]),
    check("Are pictures decoded?", !status ? open("The server does not say.") : status.fps.decoded > 0 ? ["good", `${status.fps.decoded.toFixed(1)} a second.`] : ["bad", "None. See the checks for no video."]),
    check("Does the detector keep up?", !status || status.detect_fps_wanted === 0
      ? open("Nothing is wanted of it.")
      : status.detect_fps_got >= 0.7 * status.detect_fps_wanted
        ? ["good", `${status.detect_fps_got.toFixed(1)} of ${status.detect_fps_wanted.toFixed(1)} a second.`]
        : ["bad", `${status.detect_fps_got.toFixed(1)} of ${status.detect_fps_wanted.toFixed(1)} a second: lower detect_fps, or use a faster engine.`]),
    check("Do messages come?", player?.feed === "open"
      ? ["good", `The WebSocket is open; ${player.stats?.active_tracks ?? 0} tracks now.`]
      : player
        ? ["bad", "The WebSocket is not open: does a proxy before razz pass upgrades on /ws/?"]
        : open("The player is not running.")),
  ];
}

/** Why do boxes stand beside their objects? */
export function alignmentChecks({ diagnostics }: Known): Check[] {
  const player = diagnostics?.player ?? null;
  const none = open("There is no picture yet.");
  const shown = player && player.counts.exact + player.counts.interpolated + player.counts.extrapolated > 0 ? player : null;
  return [
    check("Is the player in exact mode?", !player ? none : player.mode === "exact" ? ["good", "Yes."] : ["bad", "It is in live mode: boxes are carried on by their speed. Press M, or leave out mode=\"live\"."]),
    check("Does the browser name its frames?", !shown
      ? none
      : shown.frameSource === "videoframe"
        ? ["good", "Every frame carries its own RTP timestamp."]
        : shown.frameSource === "callback"
          ? ["bad", `By callback only: ${shown.doubtful} frames may have carried their neighbour's name. Chromium 145 or newer names each frame.`]
          : ["bad", "It does not; boxes are placed by the clock. Use Chromium 145 or newer for exact boxes."]),
    check("Are boxes those of the frame shown?", !shown?.skewsMs ? none : shown.skewsMs.p95 === 0
      ? ["good", "Skew 0 ms for 95 of 100 frames at least."]
      : ["bad", `Skew p50 ${shown.skewsMs.p50.toFixed(0)}, p95 ${shown.skewsMs.p95.toFixed(0)} ms: the tracks come later than playout can be held.`]),
    check("Is the hold long enough?", !shown?.detectionMs ? none : shown.detectionMs.p95 <= 350
      ? ["good", `Tracks come ${shown.detectionMs.p95.toFixed(0)} ms (p95) after their frame; playout is held by ${shown.holdMs} ms.`]
      : ["bad", `Tracks come ${shown.detectionMs.p95.toFixed(0)} ms (p95) after their frame, and playout is held by 400 ms at most: a smaller model size or a faster engine helps.`]),
    check("Do boxes and picture have one shape?", !shown?.pictureSize ? none : ["good", `The picture is ${shown.pictureSize.join("×")}; boxes are scaled from their frame_size.`]),
  ];
}
