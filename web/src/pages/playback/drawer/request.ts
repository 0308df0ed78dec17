// What the form of an export asks for: pure, from what is filled in.
import type { BlurException, ExportFormat, NewExport } from "../../../wire";
import { BEYOND, seconds } from "../recordings";
import type { View } from "../timescale";

/** What can be chosen; tracks come in several formats. */
export type What = "mp4" | "rendered" | "player" | "tracks";
export type TrackFormat = Exclude<ExportFormat, "mp4" | "rendered" | "player">;

/** What is filled in. */
export interface Filled {
  cameras: readonly number[];
  span: View;
  what: What;
  tracks: TrackFormat;
  boxes: boolean;
  labels: boolean;
  blur: "nobody" | "everybody" | "others";
  /** Who is not blurred. */
  except: readonly BlurException[];
  name: string;
}

/** Cameras of one export at most. */
export const MOST_EXPORTED = 16;
/** Without marks this much of the recording around the moment shown is meant, in seconds. */
const AROUND = 30;
/** Base64 in scripts takes so much more than the bytes themselves. */
const AS_SCRIPT = 4 / 3;

/** From when to when: between the marks, from the one mark to the moment shown, or around that. */
export function spanFor(marks: { in: number | null; out: number | null }, at: number, present: number): View {
  const begin = marks.in ?? (marks.out === null ? at - AROUND : at < marks.out ? at : marks.out - AROUND);
  const end = marks.out ?? Math.min(present, Math.max(at, begin) + AROUND);
  return begin <= end ? { from: begin, to: end } : { from: end, to: begin };
}

/** Whether it is the untouched video of one camera: the server gives that at once, as it is. */
export function isDirect({ cameras, what }: Pick<Filled, "cameras" | "what">): boolean {
  return what === "mp4" && cameras.length === 1;
}

/** Whether people can be blurred in it. */
export function canBlur(what: What): boolean {
  return what === "rendered" || what === "player";
}

/** Why it cannot be exported as it is filled in; empty if it can. */
export function wrongWith({ cameras, span, what, blur, except }: Filled): string {
  if (cameras.length === 0) return "Choose a camera.";
  if (cameras.length > MOST_EXPORTED) return `${MOST_EXPORTED} cameras at most.`;
  if (span.to - span.from < BEYOND) return "Beginning and end are the same moment.";
  return canBlur(what) && blur === "others" && except.length === 0 ? "Choose who is not blurred." : "";
}

/** What is sent. What says no more than the server does by itself is left out. */
export function requestOf(filled: Filled): NewExport {
  const { what, span, boxes, labels, blur } = filled;
  const except = filled.except.filter(({ camera_id }) => filled.cameras.includes(camera_id));
  return {
    cameras: [...filled.cameras],
    from: seconds(span.from),
    to: seconds(span.to + BEYOND),
    format: what === "tracks" ? filled.tracks : what,
    ...(what === "rendered" && !boxes && { boxes }),
    ...(what === "rendered" && !(boxes && labels) && { labels: false }),
    ...(canBlur(what) && blur !== "nobody" && { blur: blur === "others" ? { except } : {} }),
    ...(filled.name.trim() !== "" && { name: filled.name.trim() }),
  };
}

/** How large the export becomes, about; null where nobody can say before it is made. */
export function sizeOf({ what, blur }: Pick<Filled, "what" | "blur">, footage: number): number | null {
  if (what === "mp4") return footage;
  return what === "player" && blur === "nobody" ? footage * AS_SCRIPT : null;
}
