// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** The answer to `{"ping": t}`. */
export type Pong = {
  /** What the ping held. */
  pong: number;
  /** UNIX seconds. */
  server_time: number;
};
