// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { CameraState } from "./CameraState";
import type { FirstPacket } from "./FirstPacket";
import type { FrameRates } from "./FrameRates";
import type { Idle } from "./Idle";
import type { Latency } from "./Latency";
import type { RenditionsStatus } from "./RenditionsStatus";
import type { SubStatus } from "./SubStatus";

/** `GET /api/cameras/{id}/status`. What is not known is null. */
export type CameraStatus = {
  /** What it is doing. */
  state: CameraState;
  /** UNIX seconds since when it is in this state. */
  since: number;
  /** Such as `H264`. */
  codec: string | null;
  /** Such as `High`. */
  profile: string | null;
  /** Width and height in pixels. */
  size: [number, number] | null;
  /**
   * Width and height of its pixels, such as 12 and 11, where they are not square: the picture is
   * shown as much wider than `size`. Absent for square ones.
   */
  pixel_aspect?: [number, number];
  /** Frames from one IDR to the next, by the last whole GOP. */
  gop_frames: number | null;
  /** Whether frames are reordered, which WebRTC cannot show. */
  b_frames: boolean | null;
  /** What decodes it, such as `openh264` or `ffmpeg hevc`; null before the first picture. */
  decoder: string | null;
  /** Frames per second at each step. */
  fps: FrameRates;
  /** Pictures a second that shall be detected on, as configured; with `"max"` all of them. */
  detect_fps_wanted: number;
  /**
   * Of these, those that were: detected on, or seen to be unchanged. Less than wanted: capacity
   * is short, and `advice` says so.
   */
  detect_fps_got: number;
  /**
   * Whether it gets less than it wants, since the machine cannot decode and detect all that all
   * cameras want.
   */
  short: boolean;
  /**
   * Milliseconds of CPU a second that decoding all of its pictures takes; absent while that is not
   * known.
   */
  decode_ms?: number;
  /** How it is analysed while nothing moves; absent while something does. */
  idle?: Idle;
  /** From a frame's last packet in to its tracks out. */
  latency_ms: Latency | null;
  /**
   * From a frame's last packet in to its first packet out to the first of its viewers; absent
   * while nobody watches.
   */
  first_packet_us?: FirstPacket;
  /** From a frame's last packet in to its last packet out to the last of its viewers. */
  last_packet_us?: FirstPacket;
  /** Runs after the first. */
  reconnects: number;
  /** RTP packets lost on the way to us, since start. */
  lost_packets: number;
  /**
   * What the camera does that RTSP, RTP or its codec do not allow: how often since start, by kind.
   * Each cost itself and no more. Absent where there is nothing of the kind.
   */
  oddities?: { [key in string]: number };
  /** Of the video as it comes in. */
  bitrate_kbps: number;
  /** Viewer sessions now. */
  viewers: number;
  /** The last thing that went wrong. */
  last_error: string | null;
  /** What to change on the camera. */
  advice: Array<string>;
  /** Its smaller stream; absent where the settings name none. */
  sub?: SubStatus;
  /** What razz encodes of its pictures for viewers; absent while nobody wants any. */
  renditions?: RenditionsStatus;
};
