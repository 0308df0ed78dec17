// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { RuleInfo } from "./RuleInfo";

/** `GET /api/rules`. */
export type Rules = {
  /** They. */
  rules: Array<RuleInfo>;
  /** Where alerts can go besides the app, as it is set. */
  channels: Array<string>;
  /** Whether who asks may change them. */
  editable: boolean;
};
