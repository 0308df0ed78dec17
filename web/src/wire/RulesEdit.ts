// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { RuleEdit } from "./RuleEdit";

/** `PUT /api/rules`: all of them. */
export type RulesEdit = {
  /** Those that are not among them are gone. */
  rules: Array<RuleEdit>;
};
