// Fast scenes with their ground truth: what `cargo run -p razz-scene --example crossing` wrote.

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { bestFit, iou, mean } from "./boxes.mjs";
import { Missing } from "./camera.mjs";

/**
 * The clip, its detector, and the true objects of each frame: of the `crossing`, a street for the demo's model, or of the
 * `lanes`, rigid things of plain colours for a detector of just those. Without RAZZ_SCENE the test is skipped.
 */
export function fastScene(name) {
  const folder = process.env.RAZZ_SCENE;
  const inside = (ending) => path.join(folder, `${name}.${ending}`);
  if (!folder || !existsSync(inside("json"))) {
    throw new Missing("RAZZ_SCENE names no folder with the fast scenes; make test-e2e makes it");
  }
  const { frames } = JSON.parse(readFileSync(inside("json"), "utf8"));
  // How fast each object goes, in pixels per second, from where it is in the next frame.
  for (const [index, objects] of frames.entries()) {
    const next = new Map(frames[(index + 1) % frames.length].map((object) => [object.object, object]));
    for (const object of objects) {
      const later = next.get(object.object);
      const middle = ({ bbox }) => (bbox[0] + bbox[2]) / 2;
      object.speed = later ? 30 * Math.abs(middle(later) - middle(object)) : 0;
    }
  }
  return { clip: inside("h264"), model: existsSync(inside("onnx")) ? inside("onnx") : "demo", frames };
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
