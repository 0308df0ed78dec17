// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { Quirk } from "./Quirk";

/** `POST /api/cameras/test`, and `razz doctor --camera URL --json`. What is not known is null. */
export type CameraProbe = {
  /** Whether razz can use the camera as it is. */
  ok: boolean;
  /** Why not. */
  error: string | null;
  /** Its address, without credentials. */
  url: string;
  /** Such as `H264`. */
  codec: string | null;
  /** Such as `High`. */
  profile: string | null;
  /** Width and height in pixels. */
  size: [number, number] | null;
  /** Width and height of its pixels, such as 12 and 11, where they are not square. */
  pixel_aspect?: [number, number];
  /** Frames per second. */
  fps: number | null;
  /** Frames from one IDR to the next. */
  gop_frames: number | null;
  /** Whether frames are reordered, which WebRTC cannot show. */
  b_frames: boolean | null;
  /** Whether it tells its wall clock (RTCP sender reports). */
  sender_reports: boolean | null;
  /** Of the video. */
  bitrate_kbps: number | null;
  /** RTP packets lost while it was looked at. */
  lost_packets: number;
  /** The certificate of a camera that is reached over TLS, as the key `certificate` takes it. */
  certificate: string | null;
  /** What it does otherwise than the standards say, each of which razz copes with. */
  quirks: Array<Quirk>;
  /** What to change on the camera. */
  advice: Array<string>;
  /** Its newest picture, as a `data:` URL. */
  picture?: string;
};
