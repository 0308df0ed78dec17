// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** What went out to viewers, and what did not, since start. */
export type Delivery = {
  /** Datagrams sent. */
  sent: number;
  /** System calls that it took over UDP. */
  sends: number;
  /** Datagrams that the system or a TCP connection did not take. */
  unsent: number;
  /** Datagrams received that were for no viewer. */
  strays: number;
  /** Datagrams of viewers dropped, since too many were waiting. */
  dropped: number;
  /** GOPs replayed: one for each viewer at its start, others after losses. */
  replays: number;
  /** Times that a viewer had to wait for the next key frame, on a congested path or too far behind. */
  waits: number;
  /** Key frames asked for by viewers. */
  keyframe_requests: number;
};
