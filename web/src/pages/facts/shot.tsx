// The recorded picture of a moment: the part around where it happened, with a dot there.
import { useEffect, useState } from "preact/hooks";
import type { FactRow } from "../../wire";
import { pictureHref } from "../playback/recordings";
import "./shot.css";

const WIDE_PX = 480;
/** So much larger than its frame the picture is, unless nobody knows where in it to look. */
const LARGER = 1.8;
/** What has just happened is not on the disk yet: it is asked for again after so long each time. */
const AGAIN_MS = [2_000, 4_000, 8_000];
/** What is older than this has its picture on the disk, or none. */
const JUST_S = 60;

/** After how many ms a picture that could not be had is asked for again, which happened `ago_s` seconds ago; null: never. */
export function againMs(tries: number, ago_s: number): number | null {
  return ago_s < JUST_S ? (AGAIN_MS[tries] ?? null) : null;
}

/** Left or top of the enlarged picture in percent of its frame, so that the place is in the middle where that is possible. */
export function offsetOf(place: number, larger: number): number {
  return Math.min(0, Math.max((1 - larger) * 100, 50 - place * larger * 100));
}

export function Shot({ row }: { row: Pick<FactRow, "camera_id" | "at" | "place"> }) {
  const [tries, setTries] = useState(0);
  const [failed, setFailed] = useState(false);
  const pause = againMs(tries, Date.now() / 1000 - row.at.unix);
  useEffect(() => {
    if (!failed || pause === null) return;
    const timer = setTimeout(() => {
      setFailed(false);
      setTries(tries + 1);
    }, pause);
    return () => { clearTimeout(timer); };
  }, [failed, pause, tries]);
  const larger = row.place === null ? 1 : LARGER;
  const [x, y] = row.place ?? [0.5, 0.5];
  const [left, top] = [offsetOf(x, larger), offsetOf(y, larger)];
  return (
    <span class="shot" aria-hidden="true">
      {failed ? <span class="none">{pause !== null ? "picture in a moment" : "no picture"}</span> : (
        <img src={`${pictureHref(row.camera_id, row.at.unix, WIDE_PX)}${tries === 0 ? "" : `#${tries}`}`} alt="" loading="lazy" style={{ width: `${larger * 100}%`, height: `${larger * 100}%`, left: `${left}%`, top: `${top}%` }} onError={() => { setFailed(true); }} />
      )}
      {row.place && !failed && <i style={{ left: `${left + x * larger * 100}%`, top: `${top + y * larger * 100}%` }} />}
    </span>
  );
}
