// Which encoding a frame is.
import { expect, test } from "vitest";
import type { ViewerSession } from "../wire";
import { session } from "./fakes/session";
import { renditionOf } from "./rendition";

const CAMERA = [1_280, 720] as const;
/** A server from before there were renditions. */
const OLD = { waiting: false, waits: 0, replays: 1, keyframe_requests: 0 } as ViewerSession;
const full = session({ rendition: "full", renditions: [{ name: "full", width: 1_280, height: 720, kbps: 1_500 }, { name: "360p", width: 640, height: 360, kbps: 500 }] });

test.each<{ size: [number, number]; stored: readonly [number, number] | null; report: ViewerSession | null; is: string; what: string }>([
  { what: "by its size, whatever the report says is sent by now", size: [640, 360], stored: CAMERA, report: session(), is: "360p" },
  { what: "the camera's", size: [1_280, 720], stored: CAMERA, report: session({ rendition: "180p" }), is: "camera" },
  { what: "two of one size: what is sent", size: [320, 180], stored: CAMERA, report: session({ rendition: "stills" }), is: "stills" },
  { what: "two of one size: the smoother one of two", size: [320, 180], stored: CAMERA, report: session(), is: "180p" },
  { what: "the camera's size, encoded", size: [1_280, 720], stored: CAMERA, report: full, is: "full" },
  { what: "a size that the report does not have, the camera's by its messages", size: [1_920, 1_080], stored: [1_920, 1_080], report: session(), is: "camera" },
  { what: "no report: the camera's", size: [640, 360], stored: [640, 360], report: null, is: "camera" },
  { what: "no report: by its lines", size: [956, 540], stored: [2_688, 1_520], report: null, is: "540p" },
  { what: "no report, no message", size: [318, 180], stored: null, report: null, is: "180p" },
  { what: "nothing says anything", size: [704, 576], stored: null, report: null, is: "camera" },
  { what: "a server without renditions", size: [640, 360], stored: null, report: OLD, is: "camera" },
])("$what", ({ size: [width, height], stored, report, is }) => {
  expect(renditionOf(width, height, stored, report)).toBe(is);
});
