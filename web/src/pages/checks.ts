// The checks of the troubleshooting page: what decides why there is no video, no boxes, or boxes beside their objects.
import type { Diagnostics } from "../media";
import type { CameraStatus, Stats } from "../wire";
import { idleWords } from "./figures";

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
  /** What the player is told to leave out. */
  hidden: { boxes: boolean; some: boolean };
}

type Verdict = readonly [Result, string];

/** Frames count as of one shape while their sides' ratios differ by less: sizes are even numbers. */
const SHAPE_TOLERANCE = 0.02;
/** What leaves less than this of the longest hold is at its edge. */
const LEFT_MS = 50;

const check = (question: string, [result, answer]: Verdict): Check => ({ question, result, answer });
const open = (why: string): Verdict => ["open", why];
const good = (words: string): Verdict => ["good", words];
const bad = (words: string): Verdict => ["bad", words];

const SILENT = open("The server does not answer.");
const UNKNOWN = open("The server does not know this camera.");
const OFF = open("Detection is off for this camera.");
const NO_PLAYER = open("The player is not running.");

/** Why nothing can be said of what hangs on a camera that is online; null where it is. */
function unavailable(stats: Stats | null, status: CameraStatus | undefined): Verdict | null {
  if (!stats) return SILENT;
  if (!status) return UNKNOWN;
  return status.state === "online" ? null : open(`The camera is ${status.state}.`);
}

/** Why is there no video? In the order in which one thing hangs on the other. */
export function videoChecks({ camera, stats, diagnostics }: Known): Check[] {
  const status = stats?.cameras[String(camera)];
  const player = diagnostics?.player ?? null;
  const connection = diagnostics?.connection ?? null;
  const absent = unavailable(stats, status);
  const plays = (connection?.framesDecoded ?? 0) > 0;
  return [
    check("Does the server answer?", stats ? good(`razz ${stats.version}`) : bad("No. Is razz running, and its port open to this browser?")),
    check("Is the camera online?", !stats
      ? SILENT
      : !status
        ? bad("The server does not know this camera: it was removed meanwhile, or is not for you to see.")
        : absent ? bad(`It is ${status.state}. ${status.last_error ?? ""}`) : good("Yes.")),
    check("Can its video be shown?", !status
      ? absent ?? UNKNOWN
      : !status.codec
        ? open("Nothing has come from the camera yet.")
        : status.codec === "H265"
          ? good("H.265, by some browsers.")
          : status.codec !== "H264"
            ? bad(`It sends ${status.codec}; set the camera to H.264. ${status.advice.join(" ")}`)
            : status.b_frames === true
              ? bad(`It sends B-frames. ${status.advice.join(" ") || "Set B-frames to 0 or the profile to Baseline on the camera."}`)
              : good(`H.264 ${status.profile ?? ""}, no B-frames.`)),
    check("Is it H.265?", !status?.codec
      ? absent ?? open("Nothing has come from the camera yet.")
      : status.codec !== "H265"
        ? good("No.")
        : plays
          ? good("Yes, and this browser plays it.")
          : player?.video === "retrying" && !absent
            ? bad(`Yes, and this browser does not play it: set the camera to H.264. ${player.videoWords}`)
            : open("Yes; whether this browser plays it is not known yet.")),
    check("Does the video get through?", !stats
      ? SILENT
      : connection?.icePair
        ? good(connection.icePair)
        : absent ?? (!player || player.video === "idle"
          ? NO_PLAYER
          : player.video === "retrying"
            ? status?.codec === "H265" ? open("There is no connection for H.265.") : bad(player.videoWords)
            : open("The connection is being made."))),
    check("Does the browser decode it?", absent ?? (plays
      ? good(`${connection?.framesDecoded} frames, ${connection?.framesDropped ?? 0} dropped${connection?.decoder ? `, by ${connection.decoder}` : ""}.`)
      : player?.video !== "playing" || !connection
        ? open("There is no connection yet.")
        : diagnostics?.session?.waiting
          ? bad("It waits for the camera's next key frame: the path lost too much, or is too slow for this video.")
          : bad("The connection stands, and no frame was decoded. The camera's key frames may be far apart (set the GOP to 2 s)."))),
  ];
}

/** Why are there no boxes? */
export function boxChecks({ camera, stats, diagnostics, hidden }: Known): Check[] {
  const status = stats?.cameras[String(camera)];
  const player = diagnostics?.player ?? null;
  const absent = unavailable(stats, status);
  const off = status !== undefined && absent === null && status.detect_fps_wanted === 0;
  const unready = stats && stats.model_state !== "ready" ? open("The model is not ready.") : null;
  // What each step hangs on: the camera, its setting, the model.
  const before = absent ?? (off ? OFF : unready);
  const tracks = player?.stats?.active_tracks ?? 0;
  return [
    check("Is detection on for this camera?", !status
      ? absent ?? UNKNOWN
      : status.detect_fps_wanted > 0
        ? good(`${status.detect_fps_wanted.toFixed(1)} a second are wanted.`)
        // With "max" nothing is wanted of a camera that sends nothing.
        : absent ?? bad("No: its detections a second are off, which is `detect_fps = 0` in razz.toml.")),
    check("Is the model ready?", !stats
      ? SILENT
      : stats.model_state === "ready"
        ? good(`${[`${stats.model}, ${stats.engine ?? "unknown engine"}`, ...stats.model_notes].join("; ")}.`)
        : stats.model_state === "loading"
          ? open(`${stats.model} is loading.`)
          : stats.model_state === "off"
            ? open("No camera asks for detection, so none is loaded.")
            : bad(stats.model_error ?? "No; the server's log says why.")),
    check("Are pictures decoded?", before ?? (status && status.fps.decoded > 0
      ? good([`${status.fps.decoded.toFixed(1)} a second.`, idleWords(status)].filter(Boolean).join(" "))
      : bad(status?.codec === "H265"
        ? "None: razz does not decode H.265. Set the camera to H.264."
        : status?.advice.length ? `None. ${status.advice.join(" ")}` : "None; the checks for no video may say why."))),
    check("Does the detector keep up?", before ?? (!status || status.fps.decoded === 0
      ? open("No picture is decoded.")
      : pace(status))),
    check("Do messages come?", !stats
      ? SILENT
      : player?.feed === "open"
        ? good(`The WebSocket is open; ${tracks} tracks now.`)
        : player?.feed === "waiting"
          ? absent ?? bad("The WebSocket is not open: does a proxy before razz pass upgrades on /ws/?")
          : player?.feed === "connecting" ? open("The WebSocket is being opened.") : NO_PLAYER),
    check("Are boxes shown?", hidden.boxes
      ? bad("They are switched off in the player: press B.")
      : hidden.some
        ? bad("The player's filter hides some of them: press C.")
        : before ?? (!player ? NO_PLAYER : tracks > 0
          ? good("None is hidden in the player.")
          : open("There are no tracks now. What is found at all, the detector's classes and confidence in the settings decide."))),
  ];
}

function pace({ detect_fps_got: got, detect_fps_wanted: wanted }: CameraStatus): Verdict {
  const words = `${got.toFixed(1)} of ${wanted.toFixed(1)} a second`;
  return got >= 0.7 * wanted ? good(`${words}.`) : bad(`${words}: lower the detections a second, or use a smaller model or a faster engine.`);
}

/** Why do boxes stand beside their objects? */
export function alignmentChecks({ camera, stats, diagnostics }: Known): Check[] {
  const status = stats?.cameras[String(camera)];
  const player = diagnostics?.player ?? null;
  const { exact = 0, near = 0, interpolated = 0, extrapolated = 0, none = 0 } = player?.counts ?? {};
  const tracked = exact + near + interpolated + extrapolated;
  const missing = tracked > 0
    ? null
    : none === 0
      ? open("There is no picture yet.")
      : status?.detect_fps_wanted === 0 ? OFF : open("There are no tracks yet.");
  const shown = missing ? null : player;
  const needs = (verdict: (player: NonNullable<typeof shown>) => Verdict | null): Verdict =>
    (shown && verdict(shown)) ?? missing ?? open("There are no tracks yet.");
  return [
    check("Is the player in exact mode?", !player
      ? NO_PLAYER
      : player.mode === "exact" ? good("Yes.") : bad("It is in live mode: boxes are carried on by their speed. Press M, or leave out mode=\"live\".")),
    check("Does the browser name its frames?", needs(({ frameSource, doubtful }) => frameSource === "videoframe"
      ? good("Every frame carries its own RTP timestamp.")
      : frameSource === "callback"
        ? bad(`By callback only: ${doubtful} frames may have carried their neighbour's name. Chromium 145 or newer names each frame.`)
        : bad("It does not; boxes are placed by the clock. Use Chromium 145 or newer for exact boxes."))),
    check("Are boxes those of the frame shown?", needs(({ skewsMs, frameMode, skewMs }) => frameMode === "near"
      ? bad(`They are near it, within ${Math.round(skewMs ?? 0)} ms: this camera is detected on by its smaller stream. With detect_from = "main" they are exact.`)
      : skewsMs && (skewsMs.p95 === 0
      ? good("Skew 0 ms for 95 of 100 frames at least.")
      : bad(`Skew p50 ${skewsMs.p50.toFixed(0)}, p95 ${skewsMs.p95.toFixed(0)} ms: the tracks come later than playout can be held.`)))),
    check("Is the hold long enough?", needs(({ detectionMs, holdMs, holdLimitMs }) => detectionMs && (detectionMs.p95 <= holdLimitMs - LEFT_MS
      ? good(`Tracks come ${detectionMs.p95.toFixed(0)} ms (p95) after their frame; playout is held by ${holdMs} ms.`)
      : bad(`Tracks come ${detectionMs.p95.toFixed(0)} ms (p95) after their frame, and playout is held by ${holdLimitMs} ms at most: a smaller model size or a faster engine helps.`)))),
    check("Do boxes and picture have one shape?", needs(({ pictureSize }) => pictureSize && status?.size ? shape(pictureSize, status.size) : null)),
  ];
}

function shape(picture: readonly [number, number], source: readonly [number, number]): Verdict {
  const sizes = [picture, source].map((size) => size.join("×"));
  const ratio = (picture[0] * source[1]) / (picture[1] * source[0]);
  return Math.abs(ratio - 1) < SHAPE_TOLERANCE
    ? good(`The picture is ${sizes[0]}, the camera's ${sizes[1]}.`)
    : bad(`The picture is ${sizes[0]}, and boxes are measured on the camera's ${sizes[1]}: the camera changed its shape, or does not say it right. Reload the page.`);
}
