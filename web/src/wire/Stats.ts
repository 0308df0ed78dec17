// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { CameraStatus } from "./CameraStatus";
import type { Delivery } from "./Delivery";
import type { ModelState } from "./ModelState";

/** `GET /api/stats`. */
export type Stats = {
  /** Of razz. */
  version: string;
  /** Seconds since start. */
  uptime_s: number;
  /** What runs the model, such as `ort/openvino`; null until it is loaded. */
  engine: string | null;
  /** The model's name. */
  model: string;
  /** How far the model is. */
  model_state: ModelState;
  /** Why there is no detection, when there is none though it is wanted. */
  model_error: string | null;
  /**
   * What to know of the model: which of its outputs are not used, that it takes a fixed number of
   * pictures at a time. Mostly empty.
   */
  model_notes: Array<string>;
  /** Viewer sessions now, all cameras together. */
  viewers: number;
  /** What went out to them, since start. */
  delivery: Delivery;
  /** Of one core, over the last seconds. */
  cpu_percent: number;
  /** Resident memory. */
  memory_bytes: number;
  /**
   * How many cameras like those that send now would get all the detections that they want; absent
   * while it is not known what they cost.
   */
  cameras_that_fit?: number;
  /** The status of each camera by its number. */
  cameras: { [key in string]: CameraStatus };
};
