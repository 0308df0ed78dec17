// Frames sent by the camera against frames decoded in the browser, counted with none in flight.

import { videoStats } from "./browser.mjs";
import { until } from "./wait.mjs";

/** Holds the camera until all that it sent has arrived; answers the frames sent and decoded so far. */
async function settled(camera, page) {
  await camera.pause();
  let last = -1;
  // Not longer than the 5 s after which razz takes the silence for a fault.
  await until("the frames in flight to arrive", async () => {
    const { framesDecoded } = await videoStats(page);
    const still = framesDecoded === last;
    last = framesDecoded;
    return still;
  }, { seconds: 4, every: 500 });
  return { decoded: last, sent: await camera.sent("one") };
}

/** Frames sent and decoded while `body` lasts, of the camera's mount `one`. */
export async function delivered(camera, page, body) {
  const before = await settled(camera, page);
  await camera.resume();
  await body();
  const after = await settled(camera, page);
  await camera.resume();
  return { sent: after.sent - before.sent, decoded: after.decoded - before.decoded };
}
