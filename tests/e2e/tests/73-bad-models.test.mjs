// A model file that is not a model, a truncated one, one whose output means something else: video
// goes on, the server says what is wrong with which file, and there are no boxes.

import assert from "node:assert/strict";
import { copyFileSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import { untilDecoded } from "../lib/browser.mjs";
import { clip, model } from "../lib/paths.mjs";
import { scenario } from "../lib/scenario.mjs";
import { measureFor, until } from "../lib/wait.mjs";

const WRONG = {
  "not a model": (file) => writeFileSync(file, "This is a shopping list, not a network.\n".repeat(50)),
  empty: (file) => writeFileSync(file, ""),
  "noise": (file) => writeFileSync(file, Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 7919) % 251))),
  truncated: (file) => {
    copyFileSync(model("demo"), file);
    truncateSync(file, 600_000);
  },
  "of another output shape": (file) => copyFileSync(model("looks"), file),
};

for (const engine of ["auto", "rten"]) {
  for (const [what, make] of Object.entries(WRONG)) {
    scenario(`a model file that is ${what}, engine ${engine}`, {}, async (world) => {
      const file = path.join(world.folder, "suspect.onnx");
      make(file);
      const camera = await world.camera({ one: `clip:${clip("street")}` });
      const razz = await world.serve({ detector: { model: file, engine }, camera: [{ id: 1, url: camera.url("one") }] });
      const complaint = await until("a line in the log about the model", () =>
        razz.log.find((line) => /ERROR/.test(line) && line.includes("suspect.onnx")), { seconds: 20 });
      world.tell(complaint);
      assert.ok(razz.log.every((line) => !/panicked/.test(line)), "nothing panicked");

      // Video is not touched by it, and whoever asks is told.
      const status = await razz.untilState(1, "online");
      assert.deepEqual(status.size, [1280, 720]);
      const stats = await razz.json("/api/stats");
      assert.equal(stats.model_state, "failed");
      assert.equal(stats.engine, null);
      assert.match(stats.model_error, /suspect\.onnx/, "the API says what is wrong");
      assert.ok((await fetch(razz.at("/healthz"))).ok);
      const feed = world.keep(razz.tracks(1));
      const messages = await feed.take(2, { seconds: 5 });
      for (const message of messages) assert.deepEqual(message.json.tracks, []);
    });
  }
}

scenario("a model file that is not there", { browser: true }, async (world) => {
  const camera = await world.camera({ one: `clip:${clip("street")}` });
  const razz = await world.serve({ detector: { model: path.join(world.folder, "absent.onnx") }, camera: [{ id: 1, url: camera.url("one") }] });
  await untilDecoded(await world.page(razz.at("/camera-viewer.html?camera=1")), 60);
  await until("a line in the log about the model", () => razz.log.some((line) => /ERROR/.test(line) && line.includes("absent.onnx")));
});

scenario("a model that is still being copied is taken up when it is whole, and nothing is decoded for want of it", {}, async (world) => {
  const file = path.join(world.folder, "slow.onnx");
  const whole = readFileSync(model("demo"));
  writeFileSync(file, whole.subarray(0, 400_000));
  const camera = await world.camera({ one: `clip:${clip("street")}` });
  const razz = await world.serve({ detector: { model: file }, camera: [{ id: 1, url: camera.url("one") }] });
  await until("the model to fail", async () => (await razz.json("/api/stats")).model_state === "failed", { seconds: 30 });
  const fps = await until("the picture rates of some seconds", async () => {
    const { fps } = await razz.status(1);
    return fps.received > 20 && fps.decoded === 0 && fps;
  }, { seconds: 30 });
  world.tell(`without a detector ${fps.received} frames a second are received and ${fps.decoded} decoded`);
  const picture = await fetch(razz.at("/api/cameras/1/snapshot.jpg"));
  assert.equal(picture.status, 200, "a picture is decoded for who asks for one");
  for (const part of [1_000_000, 1_600_000, whole.length]) {
    await measureFor(1);
    writeFileSync(file, whole.subarray(0, part));
  }
  await until("the model to be ready", async () => (await razz.json("/api/stats")).model_state === "ready", { seconds: 60 });
  await until("tracks", async () => (await razz.json("/api/cameras/1/tracks")).tracks.length > 0, { seconds: 60 });
  assert.equal((await razz.status(1)).reconnects, 0);
});
