// The tools of these tests do what the tests believe: the camera speaks RTSP and asks for its
// password, Chromium receives H.264, a frame's number can be read from its pixels.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import net from "node:net";
import { once } from "node:events";
import { test } from "node:test";
import { installCounter, expectedNumber, ticksBetween } from "../lib/counter.mjs";
import { bestFit, iou } from "../lib/boxes.mjs";
import { clip } from "../lib/paths.mjs";
import { toml } from "../lib/razz.mjs";
import { scenario } from "../lib/scenario.mjs";
import { explained, fits, linePixels } from "../lib/shots.mjs";
import { until } from "../lib/wait.mjs";

/** One RTSP request and the text of its answer. */
async function ask(port, request) {
  const socket = net.connect(port, "127.0.0.1");
  await once(socket, "connect");
  socket.write(`${request}\r\n\r\n`);
  let text = "";
  socket.on("data", (chunk) => (text += chunk));
  await until("an RTSP answer", () => text.includes("\r\n\r\n"));
  socket.destroy();
  return text;
}

scenario("the camera asks for its password and describes H.264", {}, async (world) => {
  const camera = await world.camera({ one: `clip:${clip("street")}` }, { user: "u", password: "p" });
  const url = camera.url("one");
  const refused = await ask(camera.port, `DESCRIBE ${url} RTSP/1.0\r\nCSeq: 1`);
  assert.match(refused, /^RTSP\/1.0 401 /);
  const [, realm, nonce] = refused.match(/Digest realm="(.*?)".*nonce="(.*?)"/);
  const md5 = (text) => createHash("md5").update(text).digest("hex");
  const response = md5(`${md5(`u:${realm}:p`)}:${nonce}:${md5(`DESCRIBE:${url}`)}`);
  const described = await ask(
    camera.port,
    `DESCRIBE ${url} RTSP/1.0\r\nCSeq: 1\r\n` +
      `Authorization: Digest username="u", realm="${realm}", nonce="${nonce}", uri="${url}", response="${response}"`,
  );
  assert.match(described, /^RTSP\/1.0 200 /);
  assert.match(described, /a=rtpmap:96 H264\/90000/);
  assert.ok((await camera.sent("one")) <= 5, "before PLAY the server looks at a few access units at most");
});

scenario("Chromium receives H.264 and reads a frame's number", { browser: true }, async (world) => {
  const page = await world.page("about:blank");
  const codecs = await page.evaluate(() => RTCRtpReceiver.getCapabilities("video").codecs.map((codec) => codec.mimeType));
  assert.ok(codecs.includes("video/H264"), String(codecs));

  await page.evaluate(installCounter);
  const read = (number, width, height) =>
    page.evaluate(
      ([number, width, height]) => {
        const canvas = new OffscreenCanvas(width, height);
        const context = canvas.getContext("2d");
        const scale = Math.min(width / 1280, height / 720);
        context.translate((width - 1280 * scale) / 2, (height - 720 * scale) / 2);
        context.scale(scale, scale);
        const cells = [1, ...Array.from({ length: 10 }, (_, bit) => (number >> bit) & 1)];
        cells.forEach((cell, index) => {
          context.fillStyle = cell ? "white" : "black";
          context.fillRect(index * 24, 0, 24, 24);
        });
        return window.readCounter(canvas, width, height);
      },
      [number, width, height],
    );
  for (const [number, width, height] of [[0, 1280, 720], [313, 1280, 720], [1023, 1280, 720], [170, 1000, 720], [85, 1280, 1000]]) {
    assert.equal(await read(number, width, height), number, `${number} at ${width}x${height}`);
  }
  assert.equal(await page.evaluate(() => window.readCounter(new OffscreenCanvas(1280, 720), 1280, 720)), null);
});

test("timestamps and numbers", () => {
  const fixed = { rtp: 0xffff_f000, number: 312 };
  for (const [frames, number] of [[0, 312], [1, 313], [2, 0], [315, 313], [-313, 313], [3141, 313]]) {
    const rtp = (fixed.rtp + frames * 3000) >>> 0;
    assert.equal(ticksBetween(rtp, fixed.rtp), frames * 3000);
    assert.equal(expectedNumber(rtp, fixed, 314), number, `${frames} frames later`);
    assert.equal(expectedNumber((rtp + 1) >>> 0, fixed, 314), number, "a tick of rounding is no frame");
  }
});

test("overlap of boxes", () => {
  assert.equal(iou([0, 0, 10, 10], [0, 0, 10, 10]), 1);
  assert.equal(iou([0, 0, 10, 10], [5, 0, 15, 10]), 50 / 150);
  assert.equal(iou([0, 0, 10, 10], [10, 0, 20, 10]), 0);
  assert.equal(bestFit([0, 0, 10, 10], [[20, 20, 30, 30], [0, 0, 10, 5]]), 0.5);
  assert.equal(bestFit([0, 0, 10, 10], []), 0);
});

test("a box that the picture's border cuts has its line on the border, whatever the page's size", () => {
  for (const [width, height] of [[1280, 720], [1280, 713], [640, 360]]) {
    const pixels = new Uint8Array(4 * width * height);
    const scale = Math.min(width / 1280, height / 720);
    const x0 = Math.round((width - Math.round(1280 * scale)) / 2);
    const [left, right, top] = [x0 + Math.round(400 * scale), x0 + Math.round(600 * scale), Math.round(200 * scale)];
    const paint = (x, y) => (pixels[4 * (y * width + x) + 1] = 255);
    for (let x = left; x <= right; x += 1) for (const y of [top, height - 1]) paint(x, y);
    for (let y = top; y < height; y += 1) for (const x of [left, right]) paint(x, y);
    const shot = { width, height, pixels, ratio: 1 };
    const judged = (bbox) => explained(shot, linePixels(shot), [{ bbox, state: "matched", age_ms: 0 }], 200);
    const cut = judged([400, 200, 600, 720]);
    assert.ok(fits(cut) && cut.stray === 0, `${width}x${height}: ${JSON.stringify(cut)}`);
    assert.ok(!fits(judged([420, 200, 620, 720])), "a box beside it is another");
  }
});

test("a config as TOML", () => {
  assert.equal(
    toml({ server: { listen: "a:0", advertise: [] }, camera: [{ id: 1, on: true }, { id: 2, names: ["x\"y"] }] }),
    '[server]\nlisten = "a:0"\nadvertise = []\n[[camera]]\nid = 1\non = true\n[[camera]]\nid = 2\nnames = ["x\\"y"]\n',
  );
});
