// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { Role } from "./Role";

/** A user, as admins see them. */
export type UserInfo = {
  /** How they sign in. */
  name: string;
  /** What they may do. */
  role: Role;
  /** The cameras in sight; null: all. */
  cameras: Array<number> | null;
  /** Whether they have a password; without one they come through a trusted proxy only. */
  password: boolean;
};
