// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { DetectFps } from "./DetectFps";
import type { DetectFrom } from "./DetectFrom";
import type { RecordMode } from "./RecordMode";
import type { Transport } from "./Transport";

/**
 * What a camera is to be: the keys of a `[[camera]]` in the config. Absent keys stay as they are,
 * null takes a key out of the file.
 */
export type CameraEdit = {
  /** A new camera's number; where there is none, one more than any camera ever had. */
  id?: number | null;
  /** What people call it. */
  name?: string | null;
  /** Its address, `rtsp://…`, with or without credentials. */
  url?: string | null;
  /** User name where the address has none. */
  username?: string | null;
  /** Password that goes with it. */
  password?: string | null;
  /** How its video travels. */
  transport?: Transport | null;
  /** Which certificate is taken of an `rtsps://` camera: `pinned`, `checked`, or `sha256:…`. */
  certificate?: string | null;
  /** Address of the smaller stream that it sends besides, with or without credentials. */
  sub_url?: string | null;
  /** Which stream is detected on. */
  detect_from?: DetectFrom | null;
  /** Detections per second; 0: none; `"max"`: every frame that capacity allows. */
  detect_fps?: DetectFps | null;
  /** What it weighs while the machine cannot detect as often as all cameras want, 0.1 to 10. */
  priority?: number | null;
  /** What of it is recorded, where anything is. */
  record?: RecordMode | null;
};
