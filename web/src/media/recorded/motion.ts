// How playback moves on: which picture is due at a position, in each of the three ways there are to move.
import type { Backwards } from "./backwards";
import type { Decoded } from "./decoder";
import type { Sample } from "./fmp4";
import type { Forwards } from "./forwards";
import type { KeyPictures } from "./keypictures";
import { HZ } from "./moment";

/** A pause between pictures that is longer is a hole in the footage: nobody waits it out. */
const HOLE_90K = 2 * HZ;

/** What follows from looking at a position. */
export interface Advance {
  /** To be drawn now, and closed. */
  picture?: Decoded;
  /** The position goes no further, since what comes after it is not there yet. */
  hold?: number;
  /** A hole was met: from its beginning to its end, in the direction of play. */
  hole?: { from: number; to: number };
  /** Nothing more is recorded in this direction, for now. */
  isEnd?: boolean;
}

/** Whether all that is drawn with the picture of this media time is there. */
export type IsReady = (time: number) => boolean;

/** All pictures, forwards. */
export function forwards(source: Forwards, shown: Sample, position: number, isReady: IsReady): Advance {
  const end = shown.time + shown.duration;
  let next = source.next;
  if (!next) return { hold: end, isEnd: source.isAtEnd && position >= end };
  if (next.sample.time - end > HOLE_90K && position >= end && position < next.sample.time) return { hole: { from: end, to: next.sample.time } };
  if (next.sample.time > position) return {};
  // Of several that are due the newest is shown: a screen shows no more than it repaints.
  for (let second = source.second; second && second.sample.time <= position; second = source.second) {
    source.take()?.image.close();
    next = second;
  }
  if (!isReady(next.sample.time)) return { hold: next.sample.time };
  const picture = source.take();
  return picture ? { picture } : {};
}

/** All pictures, backwards: the one that is shown at the position, going down. */
export function backwards(source: Backwards, shown: Sample, position: number, isReady: IsReady): Advance {
  let due: Decoded | null = null;
  let before = source.before(shown.time);
  if (!before) return { hold: shown.time, isEnd: source.isFirst(shown.time) && position <= shown.time };
  const end = before.sample.time + before.sample.duration;
  if (shown.time - end > HOLE_90K && position < shown.time && position >= end) return { hole: { from: shown.time, to: end - 1 } };
  for (let from = shown.time; before && position < from; before = source.before(from)) {
    due = before;
    from = before.sample.time;
  }
  if (!due) return {};
  if (!isReady(due.sample.time)) return { hold: due.sample.time };
  return { picture: { sample: due.sample, image: due.image.clone() } };
}

/** Key pictures alone, either way. */
export function keyPictures(source: KeyPictures, shown: Sample, position: number, rate: number, isReady: IsReady): Advance {
  const found = source.at(position, shown.time, rate);
  if (found.hole) return { hole: found.hole };
  const { picture } = found;
  const limit = found.hold === undefined ? {} : { hold: found.hold, isEnd: found.isEnd === true };
  if (!picture) return limit;
  if (!isReady(picture.sample.time)) return { hold: position };
  source.take();
  return { picture, ...limit };
}
