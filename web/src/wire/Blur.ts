// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { BlurException } from "./BlurException";

/** Who cannot be recognised in an export. */
export type Blur = {
  /** The classes that are blurred; absent: people. */
  classes?: Array<string>;
  /** Tracks that are not, though their class is. */
  except?: Array<BlurException>;
};
