// The steps of a histogram of stays.
import { lengthWords } from "../playback/words";

type Bucket = { from_s: number; to_s: number | null };

/** As a length of time is said, without what is nothing of it: "0 s", "3 min", "2 h". */
export function stayWords(seconds: number): string {
  return lengthWords(seconds).replace(/^(\d)\.0 s$/, "$1 s").replace(/ min 00 s$/, " min").replace(/ h 00 min$/, " h");
}

/** "10 s to 20 s", "over 30 min". */
export function bucketWords({ from_s: from, to_s: to }: Bucket): string {
  return to === null ? `over ${stayWords(from)}` : `${stayWords(from)} to ${stayWords(to)}`;
}

/** Where a length of time stands among columns of one width, as a share of all of them. */
export function placeOf(buckets: readonly Bucket[], seconds: number): number {
  const index = buckets.findIndex(({ to_s: to }) => to === null || seconds < to);
  const bucket = buckets[index];
  if (!bucket) return 1;
  const part = bucket.to_s === null ? 0.5 : Math.max(0, (seconds - bucket.from_s) / (bucket.to_s - bucket.from_s));
  return (index + part) / buckets.length;
}
