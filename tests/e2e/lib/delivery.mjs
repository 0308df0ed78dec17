// Frames sent by the camera against frames that reached the browser, that it decoded and that it skipped, counted with none
// in flight. A browser that was held up skips what it has before a newer key frame: such a frame arrived all the same.

import { videoStats } from "./browser.mjs";
import { until } from "./wait.mjs";

/** Holds the camera until all that it sent has arrived; answers the frames sent, received, decoded and skipped so far. */
async function settled(camera, page) {
  await camera.pause();
  let last = -1;
  let received, dropped;
  // Not longer than the 5 s after which razz takes the silence for a fault.
  await until("the frames in flight to arrive", async () => {
    const { framesDecoded, framesReceived, framesDropped } = await videoStats(page);
    const still = framesDecoded === last;
    last = framesDecoded;
    received = framesReceived;
    dropped = framesDropped;
    return still;
  }, { seconds: 4, every: 500 });
  return { decoded: last, dropped, received, sent: await camera.sent("one") };
}

/** Frames sent, received, decoded and skipped by the browser (`dropped`) while `body` lasts, of the camera's mount `one`. */
export async function delivered(camera, page, body) {
  const before = await settled(camera, page);
  await camera.resume();
  await body();
  const after = await settled(camera, page);
  await camera.resume();
  const since = (what) => after[what] - before[what];
  return { sent: since("sent"), received: since("received"), decoded: since("decoded"), dropped: since("dropped") };
}
