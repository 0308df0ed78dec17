// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { Role } from "./Role";

/** A user to add: `POST /api/users`. */
export type NewUser = {
  /** How they sign in. */
  name: string;
  /** What they may do. */
  role: Role;
  /** The cameras in sight; absent or null: all. */
  cameras?: Array<number> | null;
  /** Absent or null: they come through a trusted proxy only. */
  password?: string | null;
};
