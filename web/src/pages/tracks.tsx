// The live list of tracks beside a camera's picture.
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { DrawnFrame, PlayerState, RazzPlayer } from "../media";
import { shortId } from "../media/label";
import { activeTracks } from "./figures";
import { duration, emptyWords, TrackList, type Row } from "./tracklist";

const LIST_MS = 500;
/** A picture is taken anew after this long, while its object is seen. */
const PICTURE_MS = 2_000;
/** Pictures taken of one frame at most: a crowd gets its pictures over the next frames. */
const PICTURES = 2;
const PICTURE_PX = 72;

const tracks = new TrackList();
const rows = signal<readonly Row[]>([]);
/** The picture of each track in the list, and when it was taken. */
const pictures = new Map<number, { canvas: HTMLCanvasElement; atMs: number }>();

/**
 * Hears of every drawn frame, while it is what `player` shows. A picture is taken of a frame on which its object was
 * detected, and of no other: a predicted box may have somebody else in it, or what the object went behind.
 */
export function noteFrame(frame: DrawnFrame, player: RazzPlayer): void {
  const nowMs = performance.now();
  tracks.add(frame, nowMs);
  let taken = 0;
  for (const { track_id: id, state, bbox } of frame.tracks) {
    const before = pictures.get(id);
    if (taken === PICTURES || state !== "matched" || (before && nowMs - before.atMs < PICTURE_MS)) continue;
    const canvas = before?.canvas ?? Object.assign(document.createElement("canvas"), { width: PICTURE_PX, height: PICTURE_PX });
    if (!player.crop(bbox, canvas)) continue;
    pictures.set(id, { canvas, atMs: nowMs });
    taken++;
  }
}

/** The list now; who is not in it any more needs no picture. */
function list(): readonly Row[] {
  const now = tracks.at(performance.now());
  const listed = new Set(now.map(({ track }) => track.track_id));
  for (const id of pictures.keys()) if (!listed.has(id)) pictures.delete(id);
  return now;
}

function Picture({ id }: { id: number }) {
  const frame = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const canvas = pictures.get(id)?.canvas;
    if (canvas && frame.current?.firstChild !== canvas) frame.current?.replaceChildren(canvas);
  });
  return <span class="thumb" ref={frame} aria-hidden="true" />;
}

/** The list; `state` is how the player does whose frames are noted. */
export function Tracks({ state, detectionOff }: { state: PlayerState | null; detectionOff: boolean }) {
  useEffect(() => {
    const timer = setInterval(() => {
      // Also while nobody looks: a floating window goes on, and who has left is to be forgotten.
      const now = list();
      if (!document.hidden) rows.value = now;
    }, LIST_MS);
    return () => {
      clearInterval(timer);
    };
  }, []);
  return (
    <section class="tracks" aria-label="Tracks">
      <h2>
        Tracks <span class="count">{activeTracks(state) ?? "–"}</span>
      </h2>
      {rows.value.length === 0 && <p class="quiet">{emptyWords(state, detectionOff)}</p>}
      <ul>
        {rows.value.map((row) => (
          <li key={row.track.track_id} class={row.gone ? "gone" : ""}>
            <Picture id={row.track.track_id} />
            <span>
              <b>
                {row.track.class} #{shortId(row.track.track_id)}
              </b>
              <small>
                {row.gone ? "gone" : `for ${duration(row.lastMs - row.firstMs)}`} · {row.track.confidence.toFixed(2)}
              </small>
              <small class={row.track.source}>{row.track.source === "deepsort" ? "found again (DeepSORT)" : "ByteTrack"}</small>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
