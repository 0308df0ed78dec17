// H.265: untouched to a client that takes it; to a browser that does not, encoded anew.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { untilDecoded } from "../lib/browser.mjs";
import { ROOT } from "../lib/paths.mjs";
import { scenario } from "../lib/scenario.mjs";
import { until } from "../lib/wait.mjs";

const run = promisify(execFile);
const FRAMES = 75;

scenario("GStreamer's webrtcbin gets the access units that the camera sent", {}, async (world) => {
  const camera = await world.camera({ one: "h265" });
  const razz = await world.serve({ detector: { model: "demo" }, camera: [{ id: 1, url: camera.url("one") }] });
  const status = await razz.untilState(1, "online");
  assert.deepEqual([status.codec, status.profile, status.size, status.b_frames], ["H265", "Main", [640, 360], false]);
  assert.match(status.advice.join(" "), /only some browsers play.*set the camera to H\.264/i);
  const client = path.join(ROOT, "tests/e2e/clients/gstreamer_client.py");
  const { stdout } = await run("/usr/bin/python3", [client, razz.at("/whep/1"), String(FRAMES), "H265"], { timeout: 60_000 });
  const told = JSON.parse(stdout.trim().split("\n").at(-1));
  assert.equal(told.key, true, "the first access unit is a key frame");
  // What was sent is a loop: what came begins at one of its two key frames, and follows it round.
  const sent = await camera.hashes("one");
  const begin = sent.indexOf(told.hashes[0]);
  assert.ok(begin >= 0, "the first access unit is one of the camera's");
  for (const [n, hash] of told.hashes.slice(0, FRAMES).entries()) {
    assert.equal(hash, sent[(begin + n) % sent.length], `access unit ${n}`);
  }
  world.tell(`${told.frames} access units, from number ${begin} of ${sent.length} on`);
  assert.ok((await razz.status(1)).fps.decoded > 10, "it is decoded as well");
});

scenario("a browser that does not take H.265 is sent the same pictures as H.264", { browser: true }, async (world) => {
  const camera = await world.camera({ one: "h265" });
  const razz = await world.serve({ camera: [{ id: 1, url: camera.url("one"), detect_fps: 0 }] });
  await razz.untilState(1, "online");
  const page = await world.page(razz.at("/camera-viewer.html?camera=1"));
  const takes = await page.evaluate(() => RTCRtpReceiver.getCapabilities("video").codecs.some(({ mimeType }) => /h265/i.test(mimeType)));
  await untilDecoded(page, 30, 30);
  if (takes) {
    world.tell("this browser takes H.265");
    return;
  }
  const frame = await until("a drawn frame", () => page.evaluate(() => document.querySelector("razz-player").frame));
  assert.equal(frame.rendition, "full");
  const { made } = (await razz.status(1)).renditions;
  world.tell(JSON.stringify(made));
  assert.deepEqual(made.map(({ name, width, height }) => [name, width, height]), [["full", 640, 360]]);
});
