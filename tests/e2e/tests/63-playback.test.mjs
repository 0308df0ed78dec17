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
const SEEKS = 50;
const STEPS = 12;

/** A camera with the clip of that scene, recorded. */
async function recording(world, name) {
  const { clip, detector, frames } = scene(name);
  const camera = await world.camera({ one: `clip:${clip}` });
  const serve = () => world.serve({
    detector,
    record: { path: `${world.folder}/footage`, max_bytes: "1GB" },
    camera: [{ id: 1, url: camera.url("one"), detect_fps: 6 }],
  });
  return { camera, razz: await serve(), serve, loop: frames.length };
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

scenario("across a restart of the camera and one of razz each frame is still its own", { browser: true, seconds: 300 }, async (world) => {
  const { camera, razz: before, serve, loop } = await recording(world, "street");
  const goesOn = (razz, count) => until(`${count} spans of footage`, async () => {
    const { spans } = await recorded(razz);
    const last = spans.at(-1);
    return spans.length >= count && last.until - last.from > 7 * 90_000 && spans;
  }, { seconds: 90, every: 250 });
  await goesOn(before, 1);
  await camera.kill();
  await measureFor(3);
  await world.restarted(camera);
  await goesOn(before, 2);
  await before.stop();
  // Less would be no hole.
  await measureFor(2);
  const razz = await serve();
  const spans = (await goesOn(razz, 3)).slice(0, 3);

  // In each span the clip begins anew: its relation to the media time is that of a picture that the server decodes.
  const page = await world.page(razz.at("/healthz"));
  await page.evaluate(installCounter);
  const relation = async ({ from }) => page.evaluate(async (at) => {
    const response = await fetch(`/api/recordings/1/picture.jpg?at=90k:${at}`);
    const bitmap = await createImageBitmap(await response.blob());
    return { rtp: Number(BigInt(response.headers.get("razz-time")) % 2n ** 32n), number: window.readCounter(bitmap, bitmap.width, bitmap.height) };
  }, from + 90_000);
  const relations = [];
  for (const span of spans) relations.push(await relation(span));
  await page.close();
  const last = spans.at(-1).until - 2 * 90_000;
  const tracks = await TrackTruth.of(razz, spans[0].from, last);

  for (const codecs of [true, false]) {
    const playback = await Playback.open(world, razz, `90k:${spans[0].from + 90_000}`, { codecs, paused: true });
    await playback.untilSettled("the first frame");
    let boxes = 0;
    for (const [n, span] of spans.entries()) {
      // To its end, and over the hole into the next.
      const begin = Math.max(span.from + 30_000, span.until - 3 * 90_000);
      await playback.seek(begin);
      await playback.do((player) => player.play());
      const drawn = await playback.frames(60);
      await playback.do((player) => player.pause());
      for (const [m, { from, until: end }] of spans.entries()) {
        const inside = drawn.filter(({ mediaTime }) => mediaTime >= from && mediaTime < Math.min(end, last));
        if (inside.length > 0) boxes += checkFrames(inside, { fixed: relations[m], loop, tracks }, `span ${m}, from span ${n}`);
      }
    }
    world.tell(`${codecs ? "WebCodecs" : "Media Source"}: ${boxes} boxes`);
    assert.ok(boxes > 50, `${boxes} boxes`);
    await playback.page.close();
  }
});

scenario("a camera that changes its size plays on over the change", { browser: true, seconds: 180 }, async (world) => {
  const camera = await world.camera({ one: "sizes" });
  const razz = await world.serve({
    record: { path: `${world.folder}/footage`, max_bytes: "1GB" },
    camera: [{ id: 1, url: camera.url("one"), detect_fps: 0 }],
  });
  await untilRecorded(razz, 5);
  await camera.switchSize();
  const known = await until("both sizes", async () => {
    const { spans, seconds } = await recorded(razz);
    return seconds > 12 && spans;
  }, { seconds: 60, every: 250 });
  const [{ from }, { until: end }] = [known[0], known.at(-1)];
  const address = `/api/recordings/1/video.mp4?from=90k:${from}&to=90k:${end}`;
  const change = Number((await fetch(razz.at(address), { method: "HEAD" })).headers.get("razz-until"));
  assert.ok(change > from && change < end - 90_000, "one file goes up to where the size changes");
  for (const codecs of [true, false]) {
    const playback = await Playback.open(world, razz, `90k:${change - 2 * 90_000}`, { codecs });
    const times = [];
    await until("pictures of both sizes", async () => {
      for (const { mediaTime } of await playback.drawn()) times.push(mediaTime);
      return times.length > 60 && times.at(-1) > change + 90_000;
    }, { seconds: 60, every: 100 });
    assert.ok(times.some((time) => time < change), "it begins before the change");
    assert.ok(times.every((time, at) => at === 0 || time > times[at - 1]), "one after the other");
    await playback.page.close();
  }
});

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
