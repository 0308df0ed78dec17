// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** A moment by both of its names. */
export type Moment = {
  /** UNIX seconds. */
  unix: number;
  /** The frame's time by the camera's clock, in 90 kHz ticks, as track messages have it. */
  media_time: string;
};
