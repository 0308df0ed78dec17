// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** The first admin: `POST /api/set-up`. */
export type SetUp = {
  /** What the set-up link holds. */
  token: string;
  /** How they sign in. */
  name: string;
  /** Their password. */
  password: string;
};
