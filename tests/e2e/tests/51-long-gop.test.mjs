// A camera with a key frame every 10 s: whoever comes has a picture at once, is live soon after, and disturbs nobody.

import assert from "node:assert/strict";
import { untilDecoded, videoStats } from "../lib/browser.mjs";
import { scenario } from "../lib/scenario.mjs";
import { until } from "../lib/wait.mjs";

/**
 * In the page: joins, and answers how long the first picture took, and how much later the picture was live: as far
 * behind its timestamp as it stays from there on.
 */
async function join(url) {
  const clicked = performance.now();
  const peer = new RTCPeerConnection();
  const video = document.createElement("video");
  video.muted = true;
  video.autoplay = true;
  document.body.append(video);
  const shown = [];
  const note = (at, { rtpTimestamp }) => {
    shown.push({ at, rtp: rtpTimestamp / 90 });
    video.requestVideoFrameCallback(note);
  };
  video.requestVideoFrameCallback(note);
  peer.addEventListener("track", ({ track }) => (video.srcObject = new MediaStream([track])));
  peer.addTransceiver("video", { direction: "recvonly" });
  await peer.setLocalDescription(await peer.createOffer());
  const response = await fetch(url, { method: "POST", headers: { "content-type": "application/sdp" }, body: peer.localDescription.sdp });
  await peer.setRemoteDescription({ type: "answer", sdp: await response.text() });
  await new Promise((passed) => setTimeout(passed, 5000));
  const behind = (frame) => frame.at - frame.rtp;
  const last = shown.slice(-30).map(behind).toSorted((a, b) => a - b)[15];
  const live = shown.find((frame) => behind(frame) < last + 100);
  return { first: shown[0].at - clicked, live: live.at - shown[0].at, replayedMs: behind(shown[0]) - last, frames: shown.length };
}

scenario("a key frame every 10 s, a picture at once", { browser: true }, async (world) => {
  const camera = await world.camera({ one: "longgop" });
  const razz = await world.serve({ camera: [{ id: 1, url: camera.url("one"), detect_fps: 0 }] });
  await razz.untilState(1, "online");
  const there = await world.page(razz.at("/camera-viewer.html?camera=1"));
  await untilDecoded(there, 30);
  const joined = [];
  for (let viewer = 0; viewer < 3; viewer += 1) {
    // Late in a GOP, when most is to be replayed.
    await until("the GOP to be old", async () => (await camera.sent("one")) % 300 > 200, { seconds: 20, every: 50 });
    const before = await videoStats(there);
    const page = await world.page(razz.at("/healthz"));
    joined.push(await page.evaluate(join, razz.at("/whep/1")));
    await page.close();
    const after = await videoStats(there);
    assert.equal(after.packetsLost, before.packetsLost, "the viewer that was there lost nothing");
    assert.ok(after.framesDecoded - before.framesDecoded > 60, "it went on");
  }
  for (const { first, live, replayedMs } of joined) {
    world.tell(`first picture ${first.toFixed(0)} ms after the click, ${(replayedMs / 1000).toFixed(1)} s old; live ${live.toFixed(0)} ms later`);
  }
  // The figures are told; what is certain on any machine is that nobody waited for a key frame.
  const best = Math.min(...joined.map(({ first }) => first));
  assert.ok(best < 2000, `the first picture came after ${best} ms`);
  assert.ok(joined.every(({ replayedMs }) => replayedMs > 1000), "each began with what was kept");
  assert.ok(Math.min(...joined.map(({ live }) => live)) < 4000, "it caught up");
});

scenario("a GOP that memory is not given for is waited out, and the status says so", {}, async (world) => {
  const camera = await world.camera({ one: "longgop" });
  const razz = await world.serve({ viewers: { ring_bytes: 1048576 }, camera: [{ id: 1, url: camera.url("one"), detect_fps: 0 }] });
  await razz.untilState(1, "online");
  await until("the advice", async () => (await razz.status(1)).advice.some((line) => line.includes("ring_bytes")), { seconds: 30 });
});

scenario("High profile in four slices a picture plays", { browser: true }, async (world) => {
  const camera = await world.camera({ one: "slices" });
  const razz = await world.serve({ camera: [{ id: 1, url: camera.url("one"), detect_fps: 0 }] });
  const status = await razz.untilState(1, "online");
  assert.match(status.profile, /High/);
  const page = await world.page(razz.at("/camera-viewer.html?camera=1"));
  await untilDecoded(page, 60);
});
