// Single pictures in place of video that no browser can be given: one snapshot after the other, each with the boxes of its
// very frame.
import { now } from "./clock/now";
import { rtpDiffMs } from "./clock/rtp";
import type { PresentedFrame } from "./frames";
import type { Origin } from "./origin";
import type { Picture } from "./picture";
import { fetchSnapshot } from "./server";
import type { TrackMap } from "./trackmap";

/** From one picture shown to the next one asked for. Less makes it smoother, and has the server send more. */
const PAUSE_MS = 150;
/** After an answer without a picture, or with the one of before. */
const AGAIN_MS = 500;
/** The tracks of a picture are waited for this long: detection on it may be under way. */
const PATIENCE_MS = 500;
/** How often it is looked whether they are there. */
const LOOK_MS = 20;

/** Asks for pictures and shows them, while it runs. */
export class Stills {
  readonly #origin: Origin;
  readonly #camera: number;
  readonly #map: TrackMap;
  readonly #onStill: (frame: PresentedFrame) => void;
  #abort: AbortController | null = null;

  /** `onStill` takes the picture over. */
  constructor(origin: Origin, camera: number, map: TrackMap, onStill: (frame: PresentedFrame) => void) {
    this.#origin = origin;
    this.#camera = camera;
    this.#map = map;
    this.#onStill = onStill;
  }

  /** Whether pictures are asked for. */
  get running(): boolean {
    return this.#abort !== null;
  }

  /** Begins at once, or ends. */
  run(wanted: boolean): void {
    if (wanted === this.running) return;
    this.#abort?.abort();
    this.#abort = wanted ? new AbortController() : null;
    if (this.#abort) void this.#loop(this.#abort.signal);
  }

  async #loop(signal: AbortSignal): Promise<void> {
    let last: number | null = null;
    while (!signal.aborted) {
      // Nobody sees it.
      const still = document.hidden ? null : await fetchSnapshot(this.#origin, this.#camera, signal);
      const fresh = still !== null && (still.rtp === null || still.rtp !== last);
      if (fresh) {
        last = still.rtp;
        await this.#show(still.picture, still.rtp, signal);
      } else still?.picture.close();
      await pause(fresh ? PAUSE_MS : AGAIN_MS, signal);
    }
  }

  async #show({ image, width, height }: Picture, rtp: number | null, signal: AbortSignal): Promise<void> {
    const untilMs = now() + PATIENCE_MS;
    while (rtp !== null && !signal.aborted && now() < untilMs && this.#awaits(rtp)) await pause(LOOK_MS, signal);
    if (signal.aborted) {
      if ("close" in image) image.close();
      return;
    }
    this.#onStill({ image, width, height, rtp, source: "snapshot", doubtful: false, receivedMs: null, presentedMs: now() });
  }

  /** Whether the tracks of this frame may still come: they do in the order of frames. */
  #awaits(rtp: number): boolean {
    const { newest } = this.#map;
    return newest !== null && rtpDiffMs(rtp, newest.rtp) > 0;
  }
}

/** Waits so long, or until `signal` ends it. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    if (signal.aborted) done();
    else signal.addEventListener("abort", done);
  });
}
