// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { ExportFormat } from "./ExportFormat";
import type { ExportState } from "./ExportState";
import type { Moment } from "./Moment";

/** An export: waiting, being made, there to be fetched, or failed. */
export type ExportInfo = {
  /** Names it in addresses. */
  id: string;
  /** As people see it. */
  name: string;
  /** How far it is. */
  state: ExportState;
  /** How much of it is made, 0 to 1. */
  progress: number;
  /** Seconds until it is done; null where that is not known. */
  remaining_s: number | null;
  /** Its cameras. */
  cameras: Array<number>;
  /** Where it begins. */
  from: Moment;
  /** Where it ends. */
  to: Moment;
  /** What it is. */
  format: ExportFormat;
  /** Somebody in it is blurred. */
  blurred: boolean;
  /** When it was asked for, in UNIX seconds. */
  made: number;
  /** Who asked; null where nobody signs in. */
  by: string | null;
  /** Why it failed. */
  error: string | null;
  /** How large its file is, so far. */
  bytes: number;
  /** The name of its file; null until it is done. */
  file: string | null;
  /** When it is deleted, in UNIX seconds. */
  expires: number | null;
};
