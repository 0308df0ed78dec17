// Recordings in the player: at any rate, step by step and after any seek each drawn frame shows the number that its media
// time implies, and the tracks of that very frame. By WebCodecs, and by Media Source where there are none.

import assert from "node:assert/strict";
import { installCounter, ticksBetween } from "../lib/counter.mjs";
import { fixedBySnapshot } from "../lib/frameproof.mjs";
import { checkFrames, Playback, recorded, TrackTruth, untilRecorded } from "../lib/playback.mjs";
import { scenario } from "../lib/scenario.mjs";
import { scene } from "../lib/truth.mjs";
import { measureFor, until } from "../lib/wait.mjs";

/** Ticks between two frames of the clip. */
const FRAME = 3_000;
/** Footage to play. */
const SECONDS = 16;
const SEEKS = 20;
const STEPS = 12;

/** A camera with the clip of that scene, recorded. */
async function recording(world, name) {
  const { clip, detector, frames } = scene(name);
  const camera = await world.camera({ one: `clip:${clip}` });
  const razz = await world.serve({
    detector,
    record: { path: `${world.folder}/footage`, max_bytes: "1GB" },
    camera: [{ id: 1, url: camera.url("one"), detect_fps: 6 }],
  });
  return { camera, razz, loop: frames.length };
}

/** Which number belongs to which RTP timestamp, by snapshots of the server. */
async function fixedOn(world, razz, loop) {
  const page = await world.page(razz.at("/healthz"));
  await page.evaluate(installCounter);
  const fixed = await fixedBySnapshot(page, loop);
  await page.close();
  return fixed;
}

async function provePlayback(world, options) {
  const { razz, loop } = await recording(world, "street");
  const fixed = await fixedOn(world, razz, loop);
  const [{ from, until: end }] = await untilRecorded(razz, SECONDS);
  // Without what is at the very end: there may be no detection after it.
  const last = end - 90_000;
  const truth = { fixed, loop, tracks: await TrackTruth.of(razz, from, end) };
  const begin = from + 10 * FRAME;
  const playback = await Playback.open(world, razz, `90k:${begin}`, { ...options, paused: true });
  await playback.untilSettled("the first frame");
  assert.equal(await playback.do((player) => player.frame.mediaTime), String(begin), "it begins where `at` says");
  let boxes = 0;

  for (const rate of [1, 0.5, 4]) {
    await playback.do((player, wanted) => { player.rate = wanted; }, rate);
    await playback.do((player) => player.play());
    await playback.seek(from + 30 * FRAME);
    const drawn = (await playback.frames(25)).filter((frame) => frame.mediaTime < last);
    boxes += checkFrames(drawn, truth, `${rate}x`);
    for (const [at, frame] of drawn.slice(1).entries()) assert.ok(frame.mediaTime >= drawn[at].mediaTime, `${rate}x goes forwards`);
    const passed = (drawn.at(-1).at - drawn[0].at) / 1000;
    const pace = (drawn.at(-1).mediaTime - drawn[0].mediaTime) / 90_000 / passed;
    world.tell(`${rate}x: ${drawn.length} frames in ${passed.toFixed(2)} s, ${pace.toFixed(2)} s of footage a second`);
    assert.ok(pace < rate * 1.3, `${rate}x is no faster`);
  }

  for (const [rate, count] of [[-1, 20], [16, 4], [-16, 4]]) {
    await playback.do((player) => player.pause());
    await playback.do((player, wanted) => { player.rate = wanted; }, rate);
    await playback.seek(rate > 0 ? from + 5 * FRAME : last - 90_000);
    await playback.do((player) => player.play());
    const drawn = await playback.frames(count);
    boxes += checkFrames(drawn.filter((frame) => frame.mediaTime < last), truth, `${rate}x`);
    for (const [at, frame] of drawn.slice(1).entries()) assert.ok((frame.mediaTime - drawn[at].mediaTime) * rate > 0, `${rate}x goes one way`);
  }

  await playback.do((player) => player.pause());
  await playback.do((player) => { player.rate = 1; });
  await playback.seek(from + 3 * 90_000);
  assert.equal(await playback.do((player) => player.paused), true);
  for (const direction of [1, -1, 1]) {
    for (let step = 0; step < STEPS; step += 1) {
      const before = Number(await playback.do((player) => player.frame.mediaTime));
      const drawn = await playback.step(direction);
      boxes += checkFrames(drawn, truth, `step ${direction}`);
      assert.equal(drawn.at(-1).mediaTime, before + direction * FRAME, "a step is one frame");
    }
  }

  const took = [];
  for (let seek = 0; seek < SEEKS; seek += 1) {
    const target = from + Math.floor(Math.random() * (last - from));
    const began = performance.now();
    const drawn = await playback.seek(target);
    took.push(performance.now() - began);
    if (drawn.length > 0) boxes += checkFrames(drawn, truth, "seek");
    const shown = Number(await playback.do((player) => player.frame.mediaTime));
    assert.ok(target - shown >= 0 && target - shown < FRAME, `sought ${target}, shown ${shown}`);
    const unix = await playback.do((player) => player.time);
    assert.ok(Math.abs(unix - (await playback.do((player) => player.frame.unix))) < 1e-6);
  }
  took.sort((a, b) => a - b);
  world.tell(`${SEEKS} seeks: half within ${took[SEEKS / 2].toFixed(0)} ms, all within ${took.at(-1).toFixed(0)} ms; ${boxes} boxes held against the server's`);
  assert.ok(boxes > 200, `${boxes} boxes`);
}

scenario("each recorded frame shows its number and its tracks", { browser: true, seconds: 240 }, (world) => provePlayback(world, {}));

scenario("the same without WebCodecs", { browser: true, seconds: 240 }, (world) => provePlayback(world, { codecs: false }));

scenario("holes are skipped and told, the end of the footage goes on growing, and without `at` it is live again", { browser: true, seconds: 240 }, async (world) => {
  const { camera, razz, loop } = await recording(world, "street");
  await untilRecorded(razz, 6);
  await camera.kill();
  await measureFor(4);
  await world.restarted(camera);
  const spans = await until("footage behind the hole", async () => {
    const known = await recorded(razz);
    return known.spans.length === 2 && known.spans[1].until - known.spans[1].from > 4 * 90_000 && known.spans;
  }, { seconds: 60, every: 250 });
  const [before, after] = spans;

  for (const codecs of [true, false]) {
    const how = codecs ? "WebCodecs" : "Media Source";
    const playback = await Playback.open(world, razz, `90k:${before.until - 90_000}`, { codecs });
    await until(`frames behind the hole, by ${how}`, () => playback.do((player, from) => Number(player.frame?.mediaTime ?? 0) > from, after.from + 30_000), { seconds: 30 });
    const [gap] = await playback.told("razz-gap");
    assert.ok(gap, `${how} tells of the hole`);
    assert.ok(Math.abs(gap.to - gap.from - (after.from - before.until) / 90_000) < 1.5, `${how} says how long it is: ${JSON.stringify(gap)}`);
    const drawn = await playback.drawn();
    assert.ok(drawn.every((frame) => frame.mediaTime < before.until || frame.mediaTime >= after.from));

    // Later than all that is recorded: what is newest, and what comes after it.
    await playback.do((player) => player.seek(Date.now() / 1000 + 3600));
    await until(`the newest frame, by ${how}`, () => playback.do((player) => Date.now() / 1000 - player.time < 10), { seconds: 20 });
    const frames = await playback.frames(40);
    assert.ok(frames.at(-1).mediaTime - frames[0].mediaTime >= 20 * FRAME, `${how} plays on at the end`);

    await playback.do((player) => player.removeAttribute("at"));
    await until("live frames", () => playback.do((player) => player.frame !== null && player.frame.mediaTime === undefined && player.frame.rtpTimestamp !== null), { seconds: 40 });
    assert.equal(await playback.do((player) => player.time), null);
    await playback.page.close();
  }
  assert.ok(loop > 0);
});

scenario("keys play, pause, step and go; who watches live loads nothing of it", { browser: true, seconds: 120 }, async (world) => {
  const { razz } = await recording(world, "street");
  const [{ from }] = await untilRecorded(razz, 14);
  const live = await world.page("about:blank");
  const asked = [];
  live.on("request", (request) => asked.push(request.url()));
  await live.goto(razz.at("/camera-viewer.html?camera=1"), { waitUntil: "domcontentloaded" });
  await until("live frames", () => live.evaluate(() => document.querySelector("razz-player")?.frame !== null), { seconds: 40 });
  assert.deepEqual(asked.filter((url) => /recorded-/.test(url)), []);
  await live.close();

  const playback = await Playback.open(world, razz, `90k:${from + 90_000}`);
  await playback.frames(5);
  assert.ok(playback.loaded.some((path) => /\/assets\/recorded-/.test(path)));
  await playback.page.focus("razz-player");
  const press = (key) => playback.page.keyboard.press(key);
  const time = async () => Number(await playback.do((player) => player.frame.mediaTime));
  await press(" ");
  await until("it to stand", () => playback.do((player) => player.paused));
  await playback.untilSettled("it to stand");
  const stood = await time();
  await press(".");
  await until("the next frame", async () => (await time()) === stood + FRAME);
  await press(",");
  await until("the frame before", async () => (await time()) === stood);
  await press("ArrowRight");
  await until("ten seconds on", async () => ticksBetween(await time(), stood) === 900_000);
  await press("Shift+ArrowLeft");
  await until("one second back", async () => ticksBetween(await time(), stood) === 810_000);
  await press("l");
  await until("twice as fast", () => playback.do((player) => player.rate === 2 && !player.paused));
  await press("j");
  await press("j");
  assert.equal(await playback.do((player) => player.getAttribute("rate")), "0.5");
  assert.equal(await playback.do((player) => player.hasAttribute("no-labels")), false, "L is faster, and no switch of labels");
  await press("b");
  assert.equal(await playback.do((player) => player.hasAttribute("no-boxes")), true, "the other keys do what they do");
});
