// Keeping several players at one moment: which of them leads, and which have to be put right.

/** One camera's player, as it stands. */
export interface Standing {
  camera: number;
  /** UNIX seconds of the frame it shows; null before the first. */
  time: number | null;
  /** Whether there is footage of it at the common moment. */
  covered: boolean;
}

/** Seconds that a player may be off at normal speed. */
const TOLERANCE = 0.3;
/** A leader that is this far from where it should be has skipped a gap, or was sought. */
const LOST = 3;
/** A player that was put right is left alone so long: seeking takes its time. */
export const SETTLE_MS = 2_000;

/** How far a player may be off: at 16 times the speed, 16 times as far. */
export function tolerance(rate: number): number {
  return TOLERANCE * Math.max(1, Math.abs(rate));
}

/** Whether a player is so far from where it should be that it has leapt. */
export function isLost(time: number, expected: number, rate: number): boolean {
  return Math.abs(time - expected) > LOST * Math.max(1, Math.abs(rate));
}

/**
 * The player whose time is the page's: the one that led before as long as it has footage and is where it should be
 * (`expected`), else the one that is nearest to that; null where none has footage.
 */
export function leaderOf(all: readonly Standing[], before: number | null, expected: number, rate: number): number | null {
  const fit = all.filter(({ covered, time }) => covered && time !== null && !isLost(time, expected, rate));
  if (fit.some(({ camera }) => camera === before)) return before;
  const distance = ({ time }: Standing): number => Math.abs((time ?? Infinity) - expected);
  return fit.sort((a, b) => distance(a) - distance(b))[0]?.camera ?? null;
}

/** Those with footage at `now` that are too far off. */
export function strays(all: readonly Standing[], leader: number | null, now: number, rate: number): number[] {
  return all
    .filter(({ camera, covered, time }) => camera !== leader && covered && (time === null || Math.abs(time - now) > tolerance(rate)))
    .map(({ camera }) => camera);
}
