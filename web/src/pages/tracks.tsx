// The live list of tracks beside a camera's picture.
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { DrawnFrame, PlayerState, RazzPlayer } from "../media";
import { activeTracks } from "./figures";
import { duration, emptyWords, TrackList, type Row } from "./tracklist";

const LIST_MS = 500;
/** A picture is taken anew after this long, while its object is seen. */
const PICTURE_MS = 2_000;

const tracks = new TrackList();
const rows = signal<readonly Row[]>([]);

/** Hears of every drawn frame. */
export function noteFrame(frame: DrawnFrame): void {
  tracks.add(frame, performance.now());
}

function Picture({ row, player }: { row: Row; player: () => RazzPlayer | null }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const taken = useRef(-Infinity);
  useEffect(() => {
    if (!canvas.current || row.gone || performance.now() - taken.current < PICTURE_MS) return;
    // Better none that is new than one that is beside its object; but better that than none.
    if (row.track.state !== "matched" && taken.current > 0) return;
    if (player()?.crop(row.track.bbox, canvas.current)) taken.current = performance.now();
  });
  return <canvas ref={canvas} width={72} height={72} aria-hidden="true" />;
}

/** The list; `player` gives the element whose frames are noted, `state` is how it does. */
export function Tracks({ player, state, detectionOff }: { player: () => RazzPlayer | null; state: PlayerState | null; detectionOff: boolean }) {
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) rows.value = tracks.at(performance.now());
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
      <ul tabindex={0} aria-label="Tracks">
        {rows.value.map((row) => (
          <li key={row.track.track_id} class={row.gone ? "gone" : ""}>
            <Picture row={row} player={player} />
            <span>
              <b>
                {row.track.class} #{row.track.track_id}
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
