// What the files of an export say: `export.js` beside the page, and the scripts in `data` that hold footage and tracks.
import type { Moment, RecordedGap, RecordedSpan, TrackMessage } from "../../wire";

/** A script with footage: fragmented MP4 that begins with a header and a key picture. */
export interface ExportedChunk {
  file: string;
  /** Media time of its first picture. */
  from: string;
  /** Behind its last one. */
  until: string;
  bytes: number;
}

/** One camera of an export. */
export interface ExportedCamera {
  id: number;
  name: string;
  from: Moment;
  to: Moment;
  spans: RecordedSpan[];
  gaps: RecordedGap[];
  /** One behind the other. */
  chunks: ExportedChunk[];
  /** Scripts with tracks, in the order of time, of an hour at most each. */
  tracks: string[];
}

/** The whole of it. */
export interface ExportManifest {
  version: 1;
  name: string;
  /** When it was made, in UNIX seconds. */
  made: number;
  /** The version of razz that made it. */
  razz: string;
  /** Somebody in it was made unrecognisable. */
  blurred: boolean;
  time_zone_note?: string;
  cameras: ExportedCamera[];
}

/** What the scripts call. */
export interface ExportCalls {
  razzExport: (manifest: ExportManifest) => void;
  razzFootage: (camera: number, index: number, base64: string) => void;
  razzTracks: (camera: number, index: number, frames: TrackMessage[]) => void;
}
