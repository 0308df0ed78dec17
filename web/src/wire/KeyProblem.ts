// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** What is wrong with one key of settings. */
export type KeyProblem = {
  /** The key; null where none is to blame. */
  key: string | null;
  /** What was expected. */
  message: string;
};
