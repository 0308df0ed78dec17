// Joins each frame's packets with its track message: how long after the one did the other come?

/** Frames whose message is still awaited, at most: 5 s at 60 per second. */
const AWAITED = 300;

/** Finds, frame by frame, how long a hold would have been needed for the message to be there in time. */
export class DetectionDelay {
  /** When the last packet of a frame came, by RTP timestamp, oldest first. */
  readonly #received = new Map<number, number>();

  /** A frame was shown before its message came: remembers that its last packet came at `receivedMs`. */
  await(rtp: number, receivedMs: number): void {
    this.#received.set(rtp, receivedMs);
    if (this.#received.size <= AWAITED) return;
    const oldest = this.#received.keys().next();
    if (!oldest.done) this.#received.delete(oldest.value);
  }

  /** The message of the frame `rtp` came at `nowMs`. Milliseconds it needed, if that frame was waiting for it. */
  arrived(rtp: number, nowMs: number): number | null {
    const receivedMs = this.#received.get(rtp);
    if (receivedMs === undefined) return null;
    this.#received.delete(rtp);
    return nowMs - receivedMs;
  }

  /** Forgets all that is awaited. */
  clear(): void {
    this.#received.clear();
  }
}
