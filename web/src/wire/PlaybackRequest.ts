// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** What a client asks for on `/ws/playback`. */
export type PlaybackRequest = {
  /** The client's number for it: what is answered has it, too. */
  id: number;
  /** The camera; absent where `cancel` is said. */
  camera_id?: number;
  /** The first moment: UNIX seconds, or `90k:` and a media time. */
  from?: string;
  /** Behind the last moment, likewise. */
  to?: string;
  /** Key pictures alone. */
  keys?: boolean;
  /** What was asked for under this number is no longer wanted. */
  cancel?: boolean;
};
