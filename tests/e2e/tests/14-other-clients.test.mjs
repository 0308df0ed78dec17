// WebRTC clients that are no browser: GStreamer's webrtcbin and aiortc.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { clip, ROOT } from "../lib/paths.mjs";
import { scenario } from "../lib/scenario.mjs";
import { until } from "../lib/wait.mjs";

const run = promisify(execFile);
const FRAMES = 45;

for (const [name, python, file] of [
  ["GStreamer's webrtcbin", "/usr/bin/python3", "gstreamer_client.py"],
  // Set up by scripts/setup.sh.
  ["aiortc", path.join(ROOT, "tests/e2e/clients/.venv/bin/python"), "aiortc_client.py"],
]) {
  scenario(`${name} watches over WHEP`, {}, async (world) => {
    const camera = await world.camera({ one: `clip:${clip("street")}` });
    const razz = await world.serve({ camera: [{ id: 1, url: camera.url("one"), detect_fps: 0 }] });
    await razz.untilState(1, "online");
    const arguments_ = [path.join(ROOT, "tests/e2e/clients", file), razz.at("/whep/1"), String(FRAMES)];
    const { stdout } = await run(python, arguments_, { timeout: 60_000 });
    const told = JSON.parse(stdout.trim().split("\n").at(-1));
    world.tell(`${name}: ${told.frames} frames`);
    assert.ok(told.frames >= FRAMES);
    if ("key" in told) assert.equal(told.key, true, "the first access unit is a key frame");
    if ("size" in told) assert.deepEqual(told.size, [1280, 720]);
    // It went away without a word.
    await until("the viewer to be gone", async () => (await razz.status(1)).viewers === 0, { seconds: 60, every: 500 });
  });
}
