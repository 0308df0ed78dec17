// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { CameraState } from "./CameraState";
import type { DetectFps } from "./DetectFps";
import type { DetectFrom } from "./DetectFrom";
import type { RecordMode } from "./RecordMode";
import type { Transport } from "./Transport";

/** `GET /api/cameras/{id}`; `GET /api/cameras` is a list of these. */
export type CameraInfo = {
  /** Its number. */
  id: number;
  /** What people call it. */
  name: string;
  /** `camera` and its number, as RTSPtoWebRTC pages name it. */
  stream_id: string;
  /** Without credentials. */
  url: string;
  /** Detections per second; 0: none; `"max"`: every frame that capacity allows. */
  detect_fps: DetectFps;
  /** What it weighs while the machine cannot detect as often as all cameras want. */
  priority: number;
  /** What it is doing. */
  state: CameraState;
  /** How its video travels. */
  transport: Transport;
  /** Which certificate is taken of an `rtsps://` camera: `pinned`, `checked`, or `sha256:…`. */
  certificate?: string;
  /** Whether it has a user name and password, which are never told. */
  credentials: boolean;
  /**
   * Address of the smaller stream that it sends besides, without credentials; absent where none is
   * known.
   */
  sub_url?: string;
  /** Which stream is detected on. */
  detect_from: DetectFrom;
  /** What of it is recorded, where anything is. */
  record: RecordMode;
};
