// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { Role } from "./Role";

/** An API token, as admins see it. */
export type TokenInfo = {
  /** Names it. */
  id: string;
  /** What people call it. */
  name: string;
  /** What it may do. */
  role: Role;
  /** The cameras in sight; null: all. */
  cameras: Array<number> | null;
  /** When it ends, in UNIX seconds; null: never. */
  expires: number | null;
  /** What it reads: in the answer that made it, and never again. */
  token?: string;
};
