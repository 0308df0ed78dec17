// Scenes with their ground truth: what `make scene` wrote.

import { existsSync, readFileSync } from "node:fs";
import { bestFit, iou, mean, referenceBoxes } from "./boxes.mjs";
import { clip, model, scenePath, testdata } from "./paths.mjs";

/**
 * The clip, its detector, and the true objects of each frame. `street` and `road` go at the pace of life and `crossing` at
 * twice that, all three for the demo's model; `lanes` are rigid things of plain colours for a detector of just those.
 */
export function scene(name) {
  const { frames } = JSON.parse(readFileSync(scenePath(`${name}.json`), "utf8"));
  // How fast each object goes, in pixels per second, from where it is in the next frame.
  for (const [index, objects] of frames.entries()) {
    const next = new Map(frames[(index + 1) % frames.length].map((object) => [object.object, object]));
    for (const object of objects) {
      const later = next.get(object.object);
      const middle = ({ bbox }) => (bbox[0] + bbox[2]) / 2;
      object.speed = later ? 30 * Math.abs(middle(later) - middle(object)) : 0;
    }
  }
  return { clip: clip(name), detector: { model: existsSync(model(name)) ? model(name) : "demo", classes: [] }, frames };
}

/**
 * The same of people in a real street: footage, detector and what that finds on each frame, all of RAZZ_TESTDATA. The
 * model is the one of the picture's own shape: without the bars of a square it is done in six tenths of the time, and a
 * busy machine still detects before the frame has to be shown.
 */
export function realFootage() {
  const detector = { model: testdata("models/yolo11n-384x640.onnx") };
  const frames = referenceBoxes("people-walking").map((boxes) => boxes.map((bbox) => ({ bbox })));
  return { clip: testdata("clips/people-walking.counter.mp4"), detector, frames };
}

/** Whether an object crosses the picture of 1280 pixels in about two seconds, or faster. */
export const isFast = ({ speed }) => speed >= 600;

/** True objects that are wholly in the picture, nearly all visible, and `chosen`: what nobody can see, nobody can place. */
const seen = (truth, chosen) => truth.filter((object) => object.inside > 0.999 && object.visible > 0.9 && chosen(object));

/** The IoU of each box with the true object that it fits best, where that one counts. */
export function overlaps(boxes, truth, chosen = () => true) {
  const counts = new Set(seen(truth, chosen));
  return boxes.flatMap((box) => {
    const fit = truth.map((object) => ({ object, iou: iou(box, object.bbox) })).sort((a, b) => b.iou - a.iou)[0];
    return fit && fit.iou > 0 && counts.has(fit.object) ? [fit.iou] : [];
  });
}

/** The other way round: of each true object that counts the IoU of the best box, 0 where there is none. */
export const covered = (boxes, truth, chosen = () => true) => seen(truth, chosen).map(({ bbox }) => bestFit(bbox, boxes));

/** The mean, and the share of those below one half, in words. */
export const words = (values) =>
  `mean IoU ${mean(values).toFixed(3)} over ${values.length} boxes (${((100 * values.filter((v) => v < 0.5).length) / values.length).toFixed(1)} % below 0.5)`;
