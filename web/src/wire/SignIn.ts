// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** A name and a password: `POST /api/sign-in`. */
export type SignIn = {
  /** The user's name. */
  name: string;
  /** Their password. */
  password: string;
};
