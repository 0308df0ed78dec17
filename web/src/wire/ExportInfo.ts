// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { ExportFormat } from "./ExportFormat";
import type { ExportState } from "./ExportState";
import type { Moment } from "./Moment";

/** An export. */
export type ExportInfo = {
  /** Names it in addresses. */
  id: string;
  /** What people call it; empty where nobody said. */
  name: string;
  /** How far it has come. */
  state: ExportState;
  /** The share of it that is made, 0 to 1. */
  progress: number;
  /** Seconds until it is done at the rate so far; null where that is not known. */
  remaining_s: number | null;
  /** Its cameras. */
  cameras: Array<number>;
  /** Its first moment. */
  from: Moment;
  /** Behind its last one. */
  to: Moment;
  /** What kind of file. */
  format: ExportFormat;
  /** Somebody is unrecognisable in it. */
  blurred: boolean;
  /** When it was asked for, in UNIX seconds. */
  made: number;
  /** By whom; null where nobody has to sign in. */
  by: string | null;
  /** Why it failed. */
  error: string | null;
  /** How large the file is; 0 before it is there. */
  bytes: number;
  /** What it is called; null before it is there. */
  file: string | null;
  /** When it goes, in UNIX seconds; null where it stays. */
  expires: number | null;
};
