// Detection on a camera's smaller stream: another process sends it, every other picture of the same clip in 640x360, by the
// same clock. The tracks that go out on the main stream's frames must fit what is true of these within the stated error; the
// sub-stream may die and come back, which the main stream never notices; and nobody claims to be exact.

import assert from "node:assert/strict";
import { bestFit, mean } from "../lib/boxes.mjs";
import { fillWithPlayer } from "../lib/browser.mjs";
import { expectedNumber, installCounter } from "../lib/counter.mjs";
import { fixedBySnapshot } from "../lib/frameproof.mjs";
import { scenario } from "../lib/scenario.mjs";
import { scene } from "../lib/truth.mjs";
import { measureFor, until } from "../lib/wait.mjs";

const SECONDS = 10;
const FRAME_MS = 1000 / 30;

async function begin(world, kind) {
  const { clip, detector, frames } = scene("lanes");
  const main = await world.camera({ one: `clip:${clip}` }, { together: true });
  const sub = await world.camera({ two: `${kind}:${clip}` }, { together: true });
  const camera = { id: 1, url: main.url("one"), sub_url: sub.url("two"), detect_from: "sub", detect_fps: 6 };
  const razz = await world.serve({ detector, camera: [camera] });
  const status = await until("its sub-stream to be detected on", async () => {
    const now = await razz.status(1);
    return now.sub.used && now.sub.mapping && now.fps.detected > 3 && now;
  }, { seconds: 40 });
  return { razz, frames, sub, status };
}

/** By how many milliseconds the boxes of these messages are off: at which frame around theirs they fit the truth best. */
function offBy(world, messages, frames, fixed) {
  const matched = messages.flatMap(({ rtp_timestamp: rtp, tracks }) =>
    tracks.filter(({ state }) => state === "matched").map(({ bbox }) => ({ bbox, number: expectedNumber(rtp, fixed, frames.length) })));
  assert.ok(matched.length >= 60, `only ${matched.length} matched boxes`);
  const fitAt = (offset) => mean(matched.map(({ bbox, number }) =>
    bestFit(bbox, frames[(number + offset + frames.length) % frames.length].map((object) => object.bbox))));
  const offsets = Array.from({ length: 25 }, (_, at) => at - 12);
  const fits = new Map(offsets.map((offset) => [offset, fitAt(offset)]));
  const best = offsets.reduce((one, other) => (fits.get(other) > fits.get(one) ? other : one));
  world.tell(`mean IoU by how many frames the truth is off: ${[...fits].map(([offset, fit]) => `${offset}: ${fit.toFixed(3)}`).join(", ")}`);
  assert.ok(fits.get(best) > 0.7, `the boxes fit the truth by ${fits.get(best).toFixed(3)} at best`);
  return best * FRAME_MS;
}

async function proveNear(world, kind, codec) {
  const { razz, frames, status } = await begin(world, kind);
  assert.equal(status.sub.codec, codec);
  assert.deepEqual([status.size, status.sub.size], [[1280, 720], [640, 360]]);
  const page = await world.page(razz.at("/healthz"));
  await page.evaluate(installCounter);
  // Snapshots are of the main stream, in its size.
  const fixed = await fixedBySnapshot(page, frames.length);
  for (const wanted of ["the clocks", "pictures"]) {
    if (wanted === "pictures") await until("pictures to be compared", async () => (await razz.status(1)).sub.mapping?.by === "pictures", { seconds: 40 });
    const tracks = razz.tracks(1, "?every_frame=1");
    await tracks.opened;
    await measureFor(SECONDS);
    const messages = tracks.messages.map(({ json }) => json).filter(({ rtp_timestamp }) => rtp_timestamp !== null);
    tracks.close();
    assert.ok(messages.length > 20 * SECONDS, `${messages.length} messages`);
    for (const { near_ms: near, frame_size: size } of messages) {
      assert.ok(near > 0, `a message claims to be exact: near_ms ${near}`);
      assert.deepEqual(size, [1280, 720]);
    }
    const stated = Math.max(...messages.map(({ near_ms: near }) => near));
    const off = offBy(world, messages, frames, fixed);
    const { mapping } = (await razz.status(1)).sub;
    world.tell(`by ${wanted}: off by ${off.toFixed(0)} ms, stated ${stated} ms (${mapping.by})`);
    assert.ok(Math.abs(off) <= stated + FRAME_MS / 2, `off by ${off} ms, and ${stated} are stated`);
  }
  const now = await razz.status(1);
  assert.ok(now.fps.decoded < 17, `${now.fps.decoded} pictures a second are decoded of the 15 of the sub-stream`);
  assert.ok(now.fps.received > 28, `${now.fps.received} frames a second come of the main stream`);
}

const NEEDS = { browser: true, seconds: 180 };

scenario("tracks of a smaller stream fit the main stream's frames within the stated error", NEEDS, (world) => proveNear(world, "sub", "H264"));

scenario("the same of a smaller stream in H.265", NEEDS, (world) => proveNear(world, "sub265", "H265"));

scenario("a sub-stream that dies and comes back changes nothing of the main stream, and detection goes on", { seconds: 120 }, async (world) => {
  const { razz, sub } = await begin(world, "sub");
  const tracks = razz.tracks(1, "?every_frame=1");
  await tracks.opened;
  await sub.kill();
  const away = await until("the main stream to stand in", async () => {
    const now = await razz.status(1);
    return !now.sub.used && now.fps.detected > 2 && now;
  }, { seconds: 30 });
  assert.equal(away.sub.online, false);
  assert.ok(away.sub.error, "why it does not come is said");
  assert.ok(away.advice.some((words) => words.includes("sub_url")), `${away.advice}`);
  const exact = await until("exact tracks", () => {
    const newest = tracks.messages.at(-1)?.json;
    return newest?.tracks.length > 0 && newest.near_ms === undefined && newest;
  }, { seconds: 20 });
  assert.deepEqual(exact.frame_size, [1280, 720]);
  await world.restarted(sub);
  await until("the sub-stream to be detected on again", async () => {
    const now = await razz.status(1);
    return now.sub.used && now.sub.online && now.sub.error === null && now.fps.detected > 2;
  }, { seconds: 40 });
  await until("near tracks", () => {
    const newest = tracks.messages.at(-1)?.json;
    return newest?.tracks.length > 0 && newest.near_ms > 0;
  }, { seconds: 20 });
  const after = await razz.status(1);
  assert.deepEqual([after.state, after.reconnects, after.lost_packets], ["online", 0, 0]);
  // Each frame of the main stream has had its message, once and in order, but for those without a driver in between.
  const times = tracks.messages.map(({ json }) => json.media_time).filter((time) => time !== null).map(Number);
  assert.ok(times.every((time, at) => at === 0 || time > times[at - 1]), "messages go forward");
  tracks.close();
});

scenario("a viewer is told that boxes are near their frame, never that they are exact", { browser: true, seconds: 120 }, async (world) => {
  const { razz } = await begin(world, "sub");
  const page = await world.page(razz.at("/camera-viewer.html?camera=1"));
  await fillWithPlayer(page);
  await page.evaluate(() => {
    globalThis.modes = [];
    document.querySelector("razz-player").addEventListener("razz-frame", ({ detail }) => globalThis.modes.push([detail.mode, detail.nearMs]));
  });
  const modes = await until("frames with boxes", async () => {
    const seen = await page.evaluate(() => globalThis.modes);
    return seen.filter(([mode]) => mode === "near").length > 60 && seen;
  }, { seconds: 40 });
  assert.ok(modes.every(([mode]) => mode !== "exact"), "a frame was called exact");
  assert.ok(modes.filter(([mode]) => mode === "near").every(([, near]) => near > 0), "and how near is said");
});
