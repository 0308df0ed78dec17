// The box belongs to the very frame it is drawn on. The clip carries its frame number in its pixels:
// a snapshot with its RTP timestamp fixes the relation on the server's side, and then every frame
// that the player draws must show the number that its RTP timestamp implies, before and after the
// camera was killed and started again; and its tracks must fit what is true of that very frame, and the frames
// around it worse.

import assert from "node:assert/strict";
import { bestFit, mean } from "../lib/boxes.mjs";
import { fillWithPlayer } from "../lib/browser.mjs";
import { expectedNumber, installCounter, readSnapshot, recordDrawn, ticksBetween } from "../lib/counter.mjs";
import { scenario } from "../lib/scenario.mjs";
import { realFootage, scene } from "../lib/truth.mjs";
import { measureFor, until } from "../lib/wait.mjs";

const SECONDS = 12;
/** Fewer drawn frames than this prove little. How many are presented is up to the machine, and is told. */
const ENOUGH = 5 * SECONDS;
const drawnBy = (page) => page.evaluate(() => window.drawn);

/** A snapshot that says which number belongs to which RTP timestamp; a second one must agree. */
async function fixedBySnapshot(page, loop, isNew = () => true) {
  let earlier;
  return until("two snapshots that agree", async () => {
    const snapshot = await page.evaluate(readSnapshot, 1);
    if (snapshot.status !== 200) throw new Error(`snapshot: ${snapshot.status}`);
    assert.deepEqual(snapshot.size, [1280, 720]);
    if (snapshot.number === null || !isNew(snapshot)) throw new Error(JSON.stringify(snapshot));
    if (earlier && snapshot.rtp !== earlier.rtp) {
      assert.equal(snapshot.number, expectedNumber(snapshot.rtp, earlier, loop), "two snapshots of one run disagree");
      return snapshot;
    }
    earlier = snapshot;
    return undefined;
  }, { seconds: 20, every: 150 });
}

/** Every drawn frame shows its number; answers how many there were. */
function checkNumbers(drawn, fixed, loop, what) {
  const wrong = drawn.filter((frame) => frame.number !== expectedNumber(frame.rtp, fixed, loop));
  assert.deepEqual(
    wrong.slice(0, 5).map((frame) => ({ rtp: frame.rtp, mode: frame.mode, shows: frame.number, must: expectedNumber(frame.rtp, fixed, loop) })),
    [],
    `${what}: ${wrong.length} of ${drawn.length} drawn frames show another number than their timestamp implies`,
  );
  for (const [index, frame] of drawn.slice(1).entries()) {
    // Twice is fine: drawn again when its tracks had come.
    assert.ok(ticksBetween(frame.rtp, drawn[index].rtp) >= 0, `${what}: nobody sees a rewind`);
  }
}

/**
 * Matched tracks of frames drawn with their own track frame fit what is true of that very frame, `truth[number]`, and fit
 * the frames around it worse: by `drops[offset]` at least in the mean IoU, so many frames before and after.
 */
function checkTracks(world, drawn, truth, drops) {
  const exact = drawn.filter((frame) => frame.mode === "exact");
  for (const frame of exact) assert.equal(frame.tracksRtp, frame.rtp, "exact means: tracks of this very frame");
  const matched = exact.flatMap((frame) =>
    frame.tracks.filter((track) => track.state === "matched").map((track) => ({ bbox: track.bbox, number: frame.number })));
  assert.ok(matched.length >= 60, `only ${matched.length} matched boxes on ${exact.length} exact frames`);
  const fitAt = (offset) =>
    matched.map(({ bbox, number }) => bestFit(bbox, truth[(number + offset + truth.length) % truth.length].map((object) => object.bbox)));
  const fits = fitAt(0);
  const good = fits.filter((fit) => fit >= 0.5).length;
  world.tell(
    `${exact.length} of ${drawn.length} frames drawn with their own tracks; ${matched.length} matched boxes, mean IoU with the ` +
      `truth about their frame ${mean(fits).toFixed(3)}, ${((100 * good) / fits.length).toFixed(1)} % at 0.5 or more`,
  );
  assert.ok(exact.length >= 0.95 * drawn.length, `${exact.length} of ${drawn.length} frames were drawn with their own tracks`);
  assert.ok(good >= 0.95 * fits.length, `${good} of ${fits.length} matched boxes overlap something that is there by 0.5`);
  // The same boxes fit the frames around worse, or the test could not tell frames apart.
  const byOffset = new Map([-12, -6, -3, -2, -1, 0, 1, 2, 3, 6, 12].map((offset) => [offset, mean(fitAt(offset))]));
  world.tell(`mean IoU by how many frames the truth is off: ${[...byOffset].map(([offset, fit]) => `${offset}: ${fit.toFixed(3)}`).join(", ")}`);
  assert.equal(Math.max(...byOffset.values()), byOffset.get(0), "the boxes fit their own frame best");
  for (const [offset, drop] of Object.entries(drops)) {
    const beside = Math.max(byOffset.get(-offset), byOffset.get(Number(offset)));
    assert.ok(beside <= byOffset.get(0) - drop, `${offset} frames beside their own the boxes fit by ${beside.toFixed(3)}, on it by ${byOffset.get(0).toFixed(3)}`);
  }
}

async function proveFrames(world, { clip, detector, frames }, drops) {
  const loop = frames.length;
  let camera = await world.camera({ one: `clip:${clip}` });
  const razz = await world.serve({ detector, camera: [{ id: 1, url: camera.url("one"), detect_fps: 6 }] });
  const page = await world.page(razz.at("/camera-viewer.html?camera=1"));
  await page.evaluate(installCounter);
  await fillWithPlayer(page);
  await page.evaluate(recordDrawn);
  await until("tracks on a drawn frame", () => page.evaluate(() => window.drawn.at(-1)?.tracks.length > 0), { seconds: 30 });

  const fixed = await fixedBySnapshot(page, loop);
  await page.evaluate(() => (window.drawn.length = 0));
  await measureFor(SECONDS);
  const before = await drawnBy(page);
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

scenario("the same of real footage, against what YOLO11n's own library finds", { ...NEEDS, data: true }, (world) =>
  proveFrames(world, realFootage(), { 1: 0.01, 3: 0.05, 6: 0.1 }));
