// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { Role } from "./Role";

/** What changes about a user; what is absent stays. */
export type UserEdit = {
  /** What they may do; null is as good as absent. */
  role?: Role | null;
  /** The cameras in sight; null: all. */
  cameras?: Array<number> | null;
  /** Signs them out everywhere; null is as good as absent. */
  password?: string | null;
};
