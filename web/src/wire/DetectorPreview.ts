// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { Candidate } from "./Candidate";

/** `POST /api/detector/preview`: a picture, and every box on it that a threshold decides about. */
export type DetectorPreview = {
  /** What looked at it. */
  model: string;
  /** What ran the model, such as `ort/cpu`. */
  engine: string;
  /** Width and height of the picture in pixels. */
  size: [number, number];
  /** The picture, as a `data:` URL. */
  picture: string;
  /** All of the model's classes. */
  classes: Array<string>;
  /** Whether `iou` decides anything: some models leave no doubles. */
  overlaps: boolean;
  /** The score from which there are candidates. */
  least: number;
  /** At most so many detections are kept of a picture, the best. */
  most: number;
  /** Best first. */
  candidates: Array<Candidate>;
};
