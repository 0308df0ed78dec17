// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { Blur } from "./Blur";
import type { ExportFormat } from "./ExportFormat";

/** What is to be exported: `POST /api/exports`. */
export type NewExport = {
  /** Of which cameras, 1 to 16, in this order. */
  cameras: Array<number>;
  /** The first moment: UNIX seconds, or `90k:` and a media time of the first camera. */
  from: string;
  /** Behind the last moment, likewise. */
  to: string;
  /** As what. */
  format: ExportFormat;
  /** Boxes are burned in; absent: they are. Only of `rendered`. */
  boxes?: boolean;
  /** And what stands at them; absent: it is. Only of `rendered`. */
  labels?: boolean;
  /** Who is made unrecognisable; null or absent: nobody. Only of `rendered` and `player`. */
  blur?: Blur | null;
  /** What people call it; names its file, too. */
  name?: string;
};
