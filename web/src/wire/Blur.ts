// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { BlurException } from "./BlurException";

/** Who is made unrecognisable. */
export type Blur = {
  /** Everybody of these classes; absent: people. */
  classes?: Array<string>;
  /** But these. */
  except?: Array<BlurException>;
};
