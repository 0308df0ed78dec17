// What thresholds keep of a picture's candidates: the detector's own rules, so that a slider shows what saving would do.
import type { Candidate, DetectorPreview } from "../wire";

/** What the detector is set by. */
export interface Thresholds {
  /** Scores above this count. */
  confidence: number;
  /** Of two boxes of a class that overlap more than this, the weaker is dropped. */
  iou: number;
  /** The classes that count; none for all. */
  classes: readonly string[];
}

/** What becomes of the candidates. */
export interface Sorted {
  /** What the detector would find, best first. */
  kept: Candidate[];
  /** What it would find if scores were not looked at: they are too low. */
  low: Candidate[];
  /** How many are a better one's doubles. */
  doubles: number;
  /** How many are of other classes. */
  others: number;
}

/** Sorts the candidates of a preview, which come best first. */
export function sorted({ candidates, overlaps, most, size }: DetectorPreview, { confidence, iou, classes }: Thresholds): Sorted {
  const result: Sorted = { kept: [], low: [], doubles: 0, others: 0 };
  const survivors: Candidate[] = [];
  for (const candidate of candidates) {
    if (classes.length > 0 && !classes.includes(candidate.class)) {
      result.others += 1;
    } else if (overlaps && survivors.some((better) => better.class === candidate.class && overlap(better.bbox, candidate.bbox) > iou)) {
      result.doubles += 1;
    } else {
      survivors.push(candidate);
    }
  }
  // The weaker never drop the better, so that the survivors above the threshold are those that there would be without the rest.
  survivors.forEach((survivor, at) => {
    const bbox = clipped(survivor.bbox, size);
    if (bbox[2] <= bbox[0] || bbox[3] <= bbox[1]) return;
    const list = at < most && survivor.confidence > confidence ? result.kept : result.low;
    list.push({ ...survivor, bbox });
  });
  return result;
}

type Box = Candidate["bbox"];

/** Intersection over union. */
export function overlap(a: Box, b: Box): number {
  const width = Math.max(0, Math.min(a[2], b[2]) - Math.max(a[0], b[0]));
  const height = Math.max(0, Math.min(a[3], b[3]) - Math.max(a[1], b[1]));
  const area = (box: Box): number => Math.max(0, box[2] - box[0]) * Math.max(0, box[3] - box[1]);
  const union = area(a) + area(b) - width * height;
  return union > 0 ? (width * height) / union : 0;
}

function clipped([left, top, right, bottom]: Box, [width, height]: DetectorPreview["size"]): Box {
  return [Math.max(0, left), Math.max(0, top), Math.min(width, right), Math.min(height, bottom)];
}

/** Those of `names` that a model with the classes `known` does not have; what is `set` already may stay, if not alone. */
export function unknownTo(known: readonly string[], names: readonly string[], set: readonly string[]): string[] {
  const strange = names.filter((name) => !known.includes(name));
  return strange.length === names.length ? strange : strange.filter((name) => !set.includes(name));
}
