// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { CameraRecordings } from "./CameraRecordings";
import type { RecordingRoom } from "./RecordingRoom";

/** `GET /api/recordings`. */
export type Recordings = {
  /** The server's clock, in UNIX seconds. */
  now: number;
  /** Why nothing at all can be recorded; null while it can. */
  error: string | null;
  /**
   * The public key that recordings are signed with, in 64 hexadecimal digits, for `razz record verify`; null where they
   * are not.
   */
  key: string | null;
  /** How full it is. */
  room: RecordingRoom;
  /** Those that were asked for and are in sight, by id. */
  cameras: Array<CameraRecordings>;
};
