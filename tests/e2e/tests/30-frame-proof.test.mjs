// The box belongs to the very frame it is drawn on. The clip carries its frame number in its pixels:
// a snapshot with its RTP timestamp fixes the relation on the server's side, and then every frame
// that the player draws must show the number that its RTP timestamp implies, before and after the
// camera was killed and started again; and its tracks must fit what is true of that very frame, and the frames
// around it worse.

import assert from "node:assert/strict";
import { fillWithPlayer } from "../lib/browser.mjs";
import { installCounter, recordDrawn, ticksBetween } from "../lib/counter.mjs";
import { checkNumbers, checkTracks, fixedBySnapshot } from "../lib/frameproof.mjs";
import { scenario } from "../lib/scenario.mjs";
import { realFootage, scene } from "../lib/truth.mjs";
import { measureFor, until } from "../lib/wait.mjs";

const SECONDS = 12;
/** Fewer drawn frames than this prove little. How many are presented is up to the machine, and is told. */
const ENOUGH = 5 * SECONDS;
const drawnBy = (page) => page.evaluate(() => window.drawn);

async function proveFrames(world, { clip, detector, frames }, drops, decoder = {}) {
  const loop = frames.length;
  let camera = await world.camera({ one: `clip:${clip}` });
  const razz = await world.serve({ detector, decoder, camera: [{ id: 1, url: camera.url("one"), detect_fps: 6 }] });
  const page = await world.page(razz.at("/camera-viewer.html?camera=1"));
  await page.evaluate(installCounter);
  await fillWithPlayer(page);
  await page.evaluate(recordDrawn);
  await until("tracks on a drawn frame", () => page.evaluate(() => window.drawn.at(-1)?.tracks.length > 0), { seconds: 30 });

  const fixed = await fixedBySnapshot(page, loop);
  await page.evaluate(() => (window.drawn.length = 0));
  await measureFor(SECONDS);
  const before = await drawnBy(page);
  world.tell(`decoded by ${(await razz.status(1)).decoder}`);
  world.tell(`${before.length} frames drawn in ${SECONDS} s on a canvas of ${before[0].canvas.join("x")}`);
  checkNumbers(before, fixed, loop, "first run");
  assert.ok(before.length >= ENOUGH, `${before.length} frames drawn in ${SECONDS} s`);
  checkTracks(world, before, frames, drops);

  // The camera reboots: the clip starts anew, media time goes on by the time that passed.
  const killed = performance.now();
  await camera.kill();
  // The new run begins a second after the last frame of the old one at least.
  await until("the old run to be drawn to its end", () => page.evaluate(() => performance.now() - window.drawn.at(-1).at > 1500), { seconds: 15 });
  const last = (await drawnBy(page)).at(-1);
  camera = await world.restarted(camera);
  await until("a frame of the new run", () =>
    page.evaluate((rtp) => ((window.drawn.at(-1).rtp - rtp) | 0) > 90_000, last.rtp), { seconds: 20 });
  const outage = (performance.now() - killed) / 1000;
  const isNew = (snapshot) => ticksBetween(snapshot.rtp, last.rtp) > 90_000;
  const refixed = await fixedBySnapshot(page, loop, isNew);
  await measureFor(SECONDS);
  const all = await drawnBy(page);
  const first = all.findIndex(isNew);
  checkNumbers(all.slice(0, first), fixed, loop, "until the restart");
  const after = all.slice(first);
  checkNumbers(after, refixed, loop, "after the restart");
  assert.ok(after.length >= ENOUGH, `${after.length} frames drawn since the restart`);
  const step = ticksBetween(after[0].rtp, all[first - 1].rtp) / 90_000;
  world.tell(`the camera was gone for ${outage.toFixed(2)} s, media time stepped by ${step.toFixed(2)} s`);
  assert.ok(Math.abs(step - outage) < 1.5, "media time continues by the monotonic time that passed");
  checkTracks(world, after.filter((frame) => ticksBetween(frame.rtp, refixed.rtp) > 0), frames, drops);
}

const NEEDS = { browser: true, seconds: 180 };

// People walk a few pixels a frame, and a detector's boxes breathe: only some frames beside its own the fit is clearly worse.
scenario("every drawn frame shows the number and the boxes of its RTP timestamp", NEEDS, (world) =>
  proveFrames(world, scene("street"), { 3: 0.02, 6: 0.08, 12: 0.2 }));

// All goes at 15 to 25 pixels a frame, and the detector is right to the pixel: a single frame makes the difference.
scenario("the same where all is fast and the detector exact: one frame off would be seen", NEEDS, (world) =>
  proveFrames(world, scene("lanes"), { 1: 0.12, 3: 0.4, 6: 0.6 }));

scenario("the same with the decoder that razz has in itself", NEEDS, (world) =>
  proveFrames(world, scene("lanes"), { 1: 0.12, 3: 0.4, 6: 0.6 }, { engine: "openh264" }));

scenario("the same of real footage, against what YOLO11n's own library finds", { ...NEEDS, data: true }, (world) =>
  proveFrames(world, realFootage(), { 1: 0.01, 3: 0.05, 6: 0.1 }));
