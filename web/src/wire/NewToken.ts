// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { Role } from "./Role";

/** An API token to make: `POST /api/tokens`. */
export type NewToken = {
  /** What people call it. */
  name: string;
  /** What it may do. */
  role: Role;
  /** The cameras in sight; absent or null: all. */
  cameras?: Array<number> | null;
  /** Days until it ends; absent or null: never. */
  days?: number | null;
};
