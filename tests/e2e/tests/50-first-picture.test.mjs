// Nothing waits for a model: the picture is there while the model is still being read.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import path from "node:path";
import { untilDecoded } from "../lib/browser.mjs";
import { clip, testdata } from "../lib/paths.mjs";
import { scenario } from "../lib/scenario.mjs";
import { until } from "../lib/wait.mjs";

scenario("the first picture comes before the model", { data: true, browser: true }, async (world) => {
  // A named pipe for a model: reading it lasts until somebody writes, which is after the first picture.
  const slow = path.join(world.folder, "slow.onnx");
  execFileSync("mkfifo", [slow]);
  const camera = await world.camera({ one: `clip:${clip("people-walking")}` });
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

  // However often the file is opened, it has the model in it.
  const writer = spawn("sh", ["-c", 'while :; do cat "$1" > "$2"; done', "sh", testdata("models/yolo11n.onnx"), slow], { detached: true });
  world.keep({
    close: () => {
      try {
        process.kill(-writer.pid, "SIGKILL");
      } catch {
        // It ended by itself.
      }
    },
  });
  await until("boxes, now that the model is there", async () => (await razz.json("/api/cameras/1/tracks")).tracks.length > 0, { seconds: 30 });
});

scenario("a viewer in mid-GOP has its picture at once", { data: true, browser: true }, async (world) => {
  const camera = await world.camera({ one: `clip:${clip("people-walking")}` });
  const razz = await world.serve({ camera: [{ id: 1, url: camera.url("one"), detect_fps: 0 }] });
  const status = await razz.untilState(1, "online");
  const page = await world.page(razz.at("/healthz"));
  const delays = [];
  for (let viewer = 0; viewer < 4; viewer += 1) {
    await page.goto(razz.at("/camera-viewer.html?camera=1"));
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
