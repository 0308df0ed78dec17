// A page written for the original services, RTSPtoWebRTC and a tracking WebSocket, runs unchanged: it plays the video and
// draws the boxes, with nothing but what those services always sent.

import assert from "node:assert/strict";
import { untilDecoded } from "../lib/browser.mjs";
import { servePages } from "../lib/pages.mjs";
import { clip } from "../lib/paths.mjs";
import { scenario } from "../lib/scenario.mjs";
import { until } from "../lib/wait.mjs";

scenario("a page of the original services shows video and boxes", { browser: true }, async (world) => {
  const camera = await world.camera({ gate: `clip:${clip("street")}` });
  const razz = await world.serve({ camera: [{ id: 10, name: "Gate", url: camera.url("gate"), detect_fps: 5 }] });
  await razz.untilState(10, "online");
  const pages = world.keep(await servePages());
  const { compat_listen: video, listen: tracks } = razz.addresses;
  const page = await world.page(pages.url(`tracking.html?camera=10&video=${video}&tracks=${tracks}`));
  await untilDecoded(page, 60);
  // Green or cyan, as the page draws them, on its own canvas.
  await until("boxes on the page's canvas", () => page.evaluate(() => {
    const { data } = document.getElementById("overlay").getContext("2d").getImageData(0, 0, 1280, 720);
    let lines = 0;
    for (let at = 0; at < data.length; at += 4) if (data[at] === 0 && data[at + 1] === 255 && data[at + 3] === 255) lines += 1;
    return lines > 400;
  }), { seconds: 60 });
  await until("messages at their pace", () => page.evaluate(() => window.received >= 10), { seconds: 20 });
  assert.deepEqual(await page.evaluate(() => window.problems), []);
  const stats = await page.textContent("#stats");
  world.tell(stats);
  assert.match(stats, /^\d+\.\d fps, \d+ tracks, frame \d+$/);
});
