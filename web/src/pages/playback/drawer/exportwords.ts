// What exports are called, and how far they are, in words.
import type { ExportFormat, ExportInfo } from "../../../wire";
import { bytes, uptime } from "../../amounts";
import { clock, day } from "../ticks";
import { lengthWords } from "../words";
import type { TrackFormat, What } from "./request";

/** What there is to choose from, and for whom it is. */
export const WHATS: Record<What, { words: string; whom: (several: boolean) => string }> = {
  mp4: {
    words: "Video as recorded",
    whom: (several) => `Untouched, as the camera sent it: as evidence, and to cut. ${several ? "A ZIP with an MP4 of each camera." : "An MP4, downloaded at once."}`,
  },
  rendered: {
    words: "Video with boxes",
    whom: (several) => `For whoever should see at a glance: the boxes are part of the picture, and people can be blurred. Encoded anew${several ? ", the cameras side by side" : ""}.`,
  },
  player: { words: "Offline player (ZIP)", whom: () => "For the police, or anybody without razz: a page that plays in any browser, without network, boxes on or off." },
  tracks: { words: "Tracks", whom: () => "For analysis and training: who was where when, without pictures." },
};

/** Formats of tracks, and for whom each is. */
export const TRACKS: Record<TrackFormat, string> = {
  csv: "CSV, for spreadsheets",
  mot: "MOT, for tracking benchmarks",
  coco: "COCO, for training and labelling",
  vtt: "WebVTT, as captions beside a video",
};

const FORMATS: Record<ExportFormat, string> = {
  mp4: "as recorded", rendered: "with boxes", player: "offline player", csv: "tracks, CSV", mot: "tracks, MOT", coco: "tracks, COCO", vtt: "tracks, WebVTT",
};

/** "with boxes, blurred". */
export function formatWords({ format, blurred }: Pick<ExportInfo, "format" | "blurred">): string {
  return `${FORMATS[format]}${blurred ? ", blurred" : ""}`;
}

/** "Sat 28 Nov 2026 14:03:05, 3 min 05 s". */
export function spanWords(from: number, to: number): string {
  return `${day(from)} ${clock(from)}, ${lengthWords(to - from)}`;
}

/** "42 %, 3 min left", "waits for its turn", "12 MB, kept until Sat 28 Nov 2026 14:03:05". */
export function stateWords({ state, progress, remaining_s: left, error, bytes: size, expires }: ExportInfo): string {
  switch (state) {
    case "waiting":
      return "waits for its turn";
    case "running":
      return `${Math.floor(progress * 100)} %${left === null ? "" : `, ${uptime(Math.max(1, Math.ceil(left)))} left`}`;
    case "failed":
      return `failed: ${error ?? "nobody knows why"}`;
    case "done":
      return `${bytes(size)}${expires === null ? "" : `, kept until ${day(expires)} ${clock(expires).slice(0, 5)}`}`;
  }
}

/** What is said once when an export is over; empty while it is not. */
export function overWords({ name, state, error }: Pick<ExportInfo, "name" | "state" | "error">): string {
  if (state === "done") return `The export ${name} is done.`;
  return state === "failed" ? `The export ${name} failed: ${error ?? "nobody knows why"}.` : "";
}
