// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { KnownBy } from "./KnownBy";
import type { Role } from "./Role";

/** Who is asking: `GET /api/me`. */
export type Me = {
  /** Whether clients sign in here at all. */
  access: boolean;
  /** Whether there is no admin yet. */
  set_up: boolean;
  /** How the server knows; null while it does not. */
  way: KnownBy | null;
  /** The user's name, if it is a user. */
  name: string | null;
  /** What they may do; null where they may watch and no more. */
  role: Role | null;
  /** The cameras in sight; null: all. */
  cameras: Array<number> | null;
};
