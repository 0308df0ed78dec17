// What the frame proof asks of drawn frames: each shows the number that its RTP timestamp implies, and its boxes fit what
// is true of that very frame, and of the frames around it less.

import assert from "node:assert/strict";
import { bestFit, mean } from "./boxes.mjs";
import { expectedNumber, readSnapshot, ticksBetween } from "./counter.mjs";
import { until } from "./wait.mjs";

/** A snapshot that says which number belongs to which RTP timestamp; a second one must agree. */
export async function fixedBySnapshot(page, loop, isNew = () => true) {
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

/** Every drawn frame shows its number, and nobody sees a rewind. */
export function checkNumbers(drawn, fixed, loop, what) {
  const wrong = drawn.filter((frame) => frame.number !== expectedNumber(frame.rtp, fixed, loop));
  assert.deepEqual(
    wrong.slice(0, 5).map((frame) => ({ rtp: frame.rtp, mode: frame.mode, shows: frame.number, must: expectedNumber(frame.rtp, fixed, loop) })),
    [],
    `${what}: ${wrong.length} of ${drawn.length} drawn frames show another number than their timestamp implies`,
  );
  checkOrder(drawn, what);
}

/** Drawn frames go forward only. */
export function checkOrder(drawn, what) {
  for (const [index, frame] of drawn.slice(1).entries()) {
    // Twice is fine: drawn again when its tracks had come.
    assert.ok(ticksBetween(frame.rtp, drawn[index].rtp) >= 0, `${what}: nobody sees a rewind`);
  }
}

/**
 * Matched tracks of frames drawn with their own track frame fit what is true of that very frame, `truth[number]`, and fit
 * the frames around it worse: by `drops[offset]` at least in the mean IoU, so many frames before and after.
 */
export function checkTracks(world, drawn, truth, drops) {
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
