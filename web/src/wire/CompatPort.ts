// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** Where the RTSPtoWebRTC endpoints are, on the host that serves the app. */
export type CompatPort = {
  /** The TCP port. */
  port: number;
  /** Whether it speaks TLS. */
  tls: boolean;
};
