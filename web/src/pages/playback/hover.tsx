// What the pointer is over on the timeline: the time, what is there, and the picture if the server gives one.
import { useSignal, useSignalEffect } from "@preact/signals";
import { lockAt, whatIsAt, seenAt } from "./coverage";
import { hasPictures, pictureAt } from "./pictures";
import { chosen, coverage, hover, nameOf, now, scrubbing, view, width } from "./state";
import { clock, day } from "./ticks";
import { spanOf } from "./timescale";
import { atWords, lengthWords, lockWords } from "./words";

/** The pointer has to rest so long before a picture is asked for. */
const REST_MS = 90;
const PICTURE_PX = 200;
/** Half of the bubble's width: it stays on the timeline. */
const HALF_PX = 108;

export function Hover() {
  const picture = useSignal<string | null>(null);
  useSignalEffect(() => {
    const over = hover.value;
    const footage = coverage.peek().get(over?.camera ?? 0);
    if (typeof over?.camera !== "number" || !hasPictures.value || whatIsAt(footage, over.t).kind !== "footage") {
      picture.value = null;
      return undefined;
    }
    const { camera, t } = over;
    // Two pixels' worth of time, or a second: a hand that trembles asks for nothing new.
    const href = pictureAt(camera, t, (2 * spanOf(view.peek())) / Math.max(1, width.peek()), PICTURE_PX);
    if (href === picture.peek()) return undefined;
    const timer = setTimeout(() => (picture.value = href), REST_MS);
    return () => {
      clearTimeout(timer);
    };
  });
  const over = hover.value;
  if (typeof over?.camera !== "number" || over.t > now.value || scrubbing.value) return null;
  const footage = coverage.value.get(over.camera);
  const there = whatIsAt(footage, over.t);
  const lock = lockAt(footage, over.t);
  const left = Math.min(width.value - HALF_PX, Math.max(HALF_PX, over.x));
  return (
    <div class="hover" aria-hidden="true">
      <i style={{ transform: `translateX(${over.x}px)` }} />
      <div class="bubble" style={{ transform: `translateX(calc(${left}px - 50%))` }}>
        {picture.value !== null && <img src={picture.value} alt="" width={PICTURE_PX} onError={() => (picture.value = null)} />}
        <b>{clock(over.t, { near: view.value })}</b> <span>{day(over.t)}</span>
        <small>
          {chosen.value.length > 1 && `${nameOf(over.camera)}: `}
          {atWords(there, seenAt(footage, over.t))}
          {there.kind === "gap" && `, for ${lengthWords(there.gap.to - there.gap.from)}`}
        </small>
        {lock && <small class="lock">{lockWords(lock)}</small>}
      </div>
    </div>
  );
}
