// What a server says of a session, for tests.
import type { ViewerSession } from "../../wire";

/** Of a camera of 1280 x 720, all of whose encodings there are; the camera's own is sent. */
export function session(changes: Partial<ViewerSession> = {}): ViewerSession {
  return {
    waiting: false, waits: 0, replays: 1, keyframe_requests: 0,
    rendition: "camera", why: null, quality: "auto", estimate_kbps: null, loss_percent: null, switches: 0,
    renditions: [
      { name: "camera", width: 1_280, height: 720, kbps: 2_000 },
      { name: "540p", width: 960, height: 540, kbps: 1_000 },
      { name: "360p", width: 640, height: 360, kbps: 500 },
      { name: "180p", width: 320, height: 180, kbps: 150 },
      { name: "stills", width: 320, height: 180, kbps: 30 },
    ],
    ...changes,
  };
}
