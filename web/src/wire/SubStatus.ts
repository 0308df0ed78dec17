// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { SubMapping } from "./SubMapping";

/** How a camera's smaller stream fares. What is not known is null. */
export type SubStatus = {
  /** Whether it is asked for: `detect_from = "sub"`, and there is a detector. */
  wanted: boolean;
  /** Whether its video comes in. */
  online: boolean;
  /** Whether it is what is detected on now. While it does not come, the main stream is. */
  used: boolean;
  /** Why it does not come. */
  error: string | null;
  /** What to change on the camera. */
  advice: Array<string>;
  /** Such as `H264`. */
  codec: string | null;
  /** Width and height in pixels. */
  size: [number, number] | null;
  /** Frames per second. */
  fps: number;
  /** Runs after the first. */
  reconnects: number;
  /** RTP packets lost on the way to us, since start. */
  lost_packets: number;
  /** How its pictures are placed among the frames of the main stream; null while they are not. */
  mapping: SubMapping | null;
};
