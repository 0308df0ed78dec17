// RTP timestamps: 32 bits at 90 kHz, wrapping every 13.3 hours (RFC 3550, section 5.1).

/** Ticks per second. */
export const RTP_HZ = 90_000;

/** Ticks from `b` to `a`, by the shorter way round; negative when `a` is earlier. Exact within 6.6 hours. */
export function rtpDiff(a: number, b: number): number {
  return (a - b) | 0;
}

/** Milliseconds from `b` to `a`; negative when `a` is earlier. */
export function rtpDiffMs(a: number, b: number): number {
  return (rtpDiff(a, b) * 1000) / RTP_HZ;
}

/** The timestamp `ms` milliseconds after `rtp` (before, if negative). */
export function rtpAddMs(rtp: number, ms: number): number {
  return (rtp + Math.round((ms * RTP_HZ) / 1000)) >>> 0;
}
