// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { ExportInfo } from "./ExportInfo";

/** `GET /api/exports`. */
export type Exports = {
  /** Newest first. */
  exports: Array<ExportInfo>;
};
