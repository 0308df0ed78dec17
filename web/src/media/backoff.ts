// How long to wait before trying again: doubling, bounded, and never in step with other viewers.

/** First and longest wait, in milliseconds. */
export interface BackoffLimits {
  firstMs: number;
  longestMs: number;
}

/**
 * Milliseconds to wait before attempt `attempt` (0 is the first retry). `random` is in [0, 1): half of the wait
 * is fixed, half is chance, so that viewers cut off together do not come back together.
 */
export function backoffMs(attempt: number, random: number, limits: BackoffLimits): number {
  const whole = Math.min(limits.longestMs, limits.firstMs * 2 ** Math.min(attempt, 16));
  return Math.round(whole / 2 + (whole / 2) * random);
}
