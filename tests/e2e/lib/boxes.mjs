// Boxes, and what they are held against where footage is real.

import { readFileSync } from "node:fs";
import { testdata } from "./paths.mjs";

/** Intersection over union of two boxes: left, top, right, bottom. */
export function iou(a, b) {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (width <= 0 || height <= 0) return 0;
  const area = (box) => (box[2] - box[0]) * (box[3] - box[1]);
  return (width * height) / (area(a) + area(b) - width * height);
}

/** What YOLO11n, by its own library, finds on each frame of a clip of RAZZ_TESTDATA. */
export function referenceBoxes(name) {
  const { frames } = JSON.parse(readFileSync(testdata(`clips/${name}.yolo11n.json`), "utf8"));
  return frames.map((detections) => detections.map((detection) => detection.slice(2)));
}

/** How well `box` fits the best of `boxes`. */
export const bestFit = (box, boxes) => Math.max(0, ...boxes.map((other) => iou(box, other)));

/** The arithmetic mean; NaN of nothing. */
export const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
