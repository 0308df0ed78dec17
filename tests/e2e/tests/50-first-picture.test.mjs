// Nothing waits for a model: the picture is there while the model is still being read.

import assert from "node:assert/strict";
import { chmodSync, copyFileSync } from "node:fs";
import path from "node:path";
import { goTo, untilDecoded } from "../lib/browser.mjs";
import { Missing } from "../lib/camera.mjs";
import { clip, model, ROOT } from "../lib/paths.mjs";
import { Child } from "../lib/process.mjs";
import { scenario } from "../lib/scenario.mjs";
import { until } from "../lib/wait.mjs";

scenario("the first picture comes before the model", { browser: true }, async (world) => {
  // The model is there, but opening it lasts until we let go, which is after the first picture.
  const slow = path.join(world.folder, "slow.onnx");
  copyFileSync(model("demo"), slow);
  chmodSync(slow, 0o644);
  const hold = new Child("hold", "/usr/bin/python3", [path.join(ROOT, "tests/e2e/lib/hold.py"), slow]);
  world.keep({ close: () => hold.kill() });
  const { missing } = await hold.answer();
  if (missing) throw new Missing(missing);

  const camera = await world.camera({ one: `clip:${clip("street")}` });
  const razz = await world.serve({ detector: { model: slow }, camera: [{ id: 1, url: camera.url("one") }] });
  const opened = performance.now();
  const page = await world.page(razz.at("/camera-viewer.html?camera=1"));
  const stats = await untilDecoded(page, 90);
  world.tell(`${stats.framesDecoded} frames decoded ${((performance.now() - opened) / 1000).toFixed(1)} s after the page was asked for, without a model`);
  assert.ok((await fetch(razz.at("/healthz"))).ok);
  assert.equal((await razz.json("/api/stats")).model_state, "loading");
  assert.equal((await fetch(razz.at("/readyz"))).status, 503);
  const { tracks } = await razz.json("/api/cameras/1/tracks");
  assert.deepEqual(tracks, []);

  hold.process.stdin.end();
  assert.deepEqual(await hold.answer(), { asked: true }, "razz was waiting for the model all the while");
  await until("boxes, now that the model is there", async () => (await razz.json("/api/cameras/1/tracks")).tracks.length > 0, { seconds: 30 });
});

scenario("a viewer in mid-GOP has its picture at once", { browser: true }, async (world) => {
  const camera = await world.camera({ one: `clip:${clip("street")}` });
  const razz = await world.serve({ camera: [{ id: 1, url: camera.url("one"), detect_fps: 0 }] });
  const status = await razz.untilState(1, "online");
  const page = await world.page(razz.at("/healthz"));
  const delays = [];
  for (let viewer = 0; viewer < 4; viewer += 1) {
    await goTo(page, razz.at("/camera-viewer.html?camera=1"));
    delays.push(
      await page.evaluate(async () => {
        const video = document.querySelector("razz-player").shadowRoot.querySelector("video");
        await new Promise((presented) => video.requestVideoFrameCallback(presented));
        return performance.now();
      }),
    );
  }
  world.tell(`first pictures after ${delays.map((delay) => delay.toFixed(0)).join(", ")} ms; a GOP has ${status.gop_frames} frames`);
  // GOPs are 2 s long: whoever waits for the next IDR needs 1 s in the mean.
  assert.ok(delays.toSorted((a, b) => a - b)[2] < 1000, `first pictures after ${delays} ms`);
});
