// The box belongs to the very frame it is drawn on. The clip carries its frame number in its pixels:
// a snapshot with its RTP timestamp fixes the relation on the server's side, and then every frame
// that the player draws must show the number that its RTP timestamp implies, before and after the
// camera was killed and started again; and its tracks must fit that very frame.

import assert from "node:assert/strict";
import { bestFit, mean, referenceBoxes } from "../lib/boxes.mjs";
import { fillWithPlayer } from "../lib/browser.mjs";
import { CLIP_FRAMES, expectedNumber, installCounter, readSnapshot, recordDrawn, ticksBetween } from "../lib/counter.mjs";
import { clip } from "../lib/paths.mjs";
import { scenario } from "../lib/scenario.mjs";
import { measureFor, until } from "../lib/wait.mjs";

const SECONDS = 12;
/** Fewer drawn frames than this prove little. How many are presented is up to the machine, and is told. */
const ENOUGH = 5 * SECONDS;
const drawnBy = (page) => page.evaluate(() => window.drawn);

/** A snapshot that says which number belongs to which RTP timestamp; a second one must agree. */
async function fixedBySnapshot(page, isNew = () => true) {
  let earlier;
  return until("two snapshots that agree", async () => {
    const snapshot = await page.evaluate(readSnapshot, 1);
    if (snapshot.status !== 200) throw new Error(`snapshot: ${snapshot.status}`);
    assert.deepEqual(snapshot.size, [1280, 720]);
    if (snapshot.number === null || !isNew(snapshot)) throw new Error(JSON.stringify(snapshot));
    if (earlier && snapshot.rtp !== earlier.rtp) {
      assert.equal(snapshot.number, expectedNumber(snapshot.rtp, earlier), "two snapshots of one run disagree");
      return snapshot;
    }
    earlier = snapshot;
    return undefined;
  }, { seconds: 20, every: 150 });
}

/** Every drawn frame shows its number; answers how many there were. */
function checkNumbers(drawn, fixed, what) {
  const wrong = drawn.filter((frame) => frame.number !== expectedNumber(frame.rtp, fixed));
  assert.deepEqual(
    wrong.slice(0, 5).map((frame) => ({ rtp: frame.rtp, mode: frame.mode, shows: frame.number, must: expectedNumber(frame.rtp, fixed) })),
    [],
    `${what}: ${wrong.length} of ${drawn.length} drawn frames show another number than their timestamp implies`,
  );
  for (const [index, frame] of drawn.slice(1).entries()) {
    // Twice is fine: drawn again when its tracks had come.
    assert.ok(ticksBetween(frame.rtp, drawn[index].rtp) >= 0, `${what}: nobody sees a rewind`);
  }
}

/** Matched tracks of frames drawn with their own track frame fit the reference of that very frame. */
function checkTracks(world, drawn, fixed) {
  const reference = referenceBoxes("people-walking");
  const exact = drawn.filter((frame) => frame.mode === "exact");
  for (const frame of exact) assert.equal(frame.tracksRtp, frame.rtp, "exact means: tracks of this very frame");
  const matched = exact.flatMap((frame) =>
    frame.tracks.filter((track) => track.state === "matched").map((track) => ({ bbox: track.bbox, number: frame.number })));
  assert.ok(matched.length >= 60, `only ${matched.length} matched boxes on ${exact.length} exact frames`);
  const fitAt = (offset) =>
    matched.map(({ bbox, number }) => bestFit(bbox, reference[(number + offset + CLIP_FRAMES) % CLIP_FRAMES]));
  const fits = fitAt(0);
  const good = fits.filter((fit) => fit >= 0.5).length;
  world.tell(
    `${exact.length} of ${drawn.length} frames drawn with their own tracks; ${matched.length} matched boxes, mean IoU with the ` +
      `reference of their frame ${mean(fits).toFixed(3)}, ${((100 * good) / fits.length).toFixed(1)} % at 0.5 or more`,
  );
  assert.ok(exact.length >= 0.95 * drawn.length, `${exact.length} of ${drawn.length} frames were drawn with their own tracks`);
  assert.ok(good >= 0.95 * fits.length, `${good} of ${fits.length} matched boxes overlap the reference by 0.5`);
  // The same boxes fit the frames around worse, or the test could not tell frames apart.
  const byOffset = [-12, -6, 0, 6, 12].map((offset) => mean(fitAt(offset)));
  world.tell(`mean IoU 12 and 6 frames before, on the frame, 6 and 12 after: ${byOffset.map((v) => v.toFixed(3)).join(" ")}`);
  assert.equal(Math.max(...byOffset), byOffset[2], "the boxes fit their own frame best");
}

scenario("every drawn frame shows the number and the boxes of its RTP timestamp", { data: true, browser: true, seconds: 180 }, async (world) => {
  let camera = await world.camera({ one: `clip:${clip("people-walking.counter")}` });
  const razz = await world.serve({ camera: [{ id: 1, url: camera.url("one"), detect_fps: 6 }] });
  const page = await world.page(razz.at("/camera-viewer.html?camera=1"));
  await page.evaluate(installCounter);
  await fillWithPlayer(page);
  await page.evaluate(recordDrawn);
  await until("tracks on a drawn frame", () => page.evaluate(() => window.drawn.at(-1)?.tracks.length > 0), { seconds: 30 });

  const fixed = await fixedBySnapshot(page);
  await page.evaluate(() => (window.drawn.length = 0));
  await measureFor(SECONDS);
  const before = await drawnBy(page);
  world.tell(`${before.length} frames drawn in ${SECONDS} s on a canvas of ${before[0].canvas.join("x")}`);
  checkNumbers(before, fixed, "first run");
  assert.ok(before.length >= ENOUGH, `${before.length} frames drawn in ${SECONDS} s`);
  checkTracks(world, before, fixed);

  // The camera reboots: the clip starts anew, media time goes on by the time that passed.
  const killed = performance.now();
  await camera.kill();
  await measureFor(3);
  // By now everything of the old run is drawn, and the new one begins a second later at least.
  const last = (await drawnBy(page)).at(-1);
  camera = await world.restarted(camera);
  await until("a frame of the new run", () =>
    page.evaluate((rtp) => ((window.drawn.at(-1).rtp - rtp) | 0) > 90_000, last.rtp), { seconds: 20 });
  const outage = (performance.now() - killed) / 1000;
  const isNew = (snapshot) => ticksBetween(snapshot.rtp, last.rtp) > 90_000;
  const refixed = await fixedBySnapshot(page, isNew);
  await measureFor(SECONDS);
  const all = await drawnBy(page);
  const first = all.findIndex(isNew);
  checkNumbers(all.slice(0, first), fixed, "until the restart");
  const after = all.slice(first);
  checkNumbers(after, refixed, "after the restart");
  assert.ok(after.length >= ENOUGH, `${after.length} frames drawn since the restart`);
  const step = ticksBetween(after[0].rtp, all[first - 1].rtp) / 90_000;
  world.tell(`the camera was gone for ${outage.toFixed(2)} s, media time stepped by ${step.toFixed(2)} s`);
  assert.ok(Math.abs(step - outage) < 1.5, "media time continues by the monotonic time that passed");
  checkTracks(world, after.filter((frame) => ticksBetween(frame.rtp, refixed.rtp) > 0), refixed);
});
