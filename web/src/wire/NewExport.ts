// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { Blur } from "./Blur";
import type { ExportFormat } from "./ExportFormat";

/** What is to be exported: `POST /api/exports`. */
export type NewExport = {
  /** Of which cameras, 1 to 16. */
  cameras: Array<number>;
  /** From then on: UNIX seconds, or `90k:` and a media time. */
  from: string;
  /** Until then, written alike. */
  to: string;
  /** As what. */
  format: ExportFormat;
  /** Boxes are drawn into the picture; absent: they are. Only of `rendered`. */
  boxes?: boolean;
  /** And labels at the boxes; absent: they are. Only of `rendered`. */
  labels?: boolean;
  /** Who is blurred; null is as good as absent: nobody. Only of `rendered` and `player`. */
  blur?: Blur | null;
  /** Names it in the list, and its file. */
  name?: string;
};
