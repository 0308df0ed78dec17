// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { RuleEdit } from "./RuleEdit";

/** `POST /api/rules/rehearse`. */
export type RehearsalRequest = {
  /** The rule, saved or not. */
  rule: RuleEdit;
  /** From when: UNIX seconds. */
  from: string;
  /** Until when. */
  to: string;
};
