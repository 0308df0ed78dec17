// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** `{"ping": t}`: what a client may send. */
export type Ping = {
  /** Any number; it comes back as it is. */
  ping: number;
};
