// Offers that are not those of our own player: what GStreamer's webrtcbin writes by itself, and browsers with more than
// one section.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { untilDecoded } from "../lib/browser.mjs";
import { clip, ROOT } from "../lib/paths.mjs";
import { scenario } from "../lib/scenario.mjs";

const run = promisify(execFile);
const CLIENT = path.join(ROOT, "tests/e2e/clients/gstreamer_client.py");
const FRAMES = 45;

async function serve(world) {
  const camera = await world.camera({ one: `clip:${clip("street")}` });
  const razz = await world.serve({ camera: [{ id: 1, url: camera.url("one"), detect_fps: 0 }] });
  await razz.untilState(1, "online");
  return razz.at("/whep/1");
}

scenario("webrtcbin watches with the certificate and the offers that it makes by itself", { seconds: 240 }, async (world) => {
  const url = await serve(world);
  for (const [what, options, bundle, mode] of [
    ["by itself", [], false, true],
    // The caps in the documentation of whepsrc.
    ["without a packetization mode", ["--fields", ""], false, false],
    ["with Constrained High alone", ["--fields", "packetization-mode=(string)1,profile-level-id=(string)640c1f"], false, true],
    ["with audio before the video", ["--audio"], false, true],
    ["with audio in one group", ["--audio", "--bundle", "max-bundle"], true, true],
    ["with a certificate of an elliptic curve", ["--ecdsa"], false, true],
  ]) {
    const { stdout } = await run("/usr/bin/python3", [CLIENT, url, String(FRAMES), ...options], { timeout: 60_000 });
    const told = JSON.parse(stdout.trim().split("\n").at(-1));
    world.tell(`webrtcbin ${what}: ${told.frames} frames`);
    assert.ok(told.frames >= FRAMES, what);
    assert.equal(told.key, true, `${what}: the first access unit is a key frame`);
    // The offer is what this test is about.
    assert.equal(/^a=group:BUNDLE/m.test(told.offer), bundle, told.offer);
    assert.equal(/packetization-mode=/.test(told.offer), mode, told.offer);
    assert.equal(told.offer.match(/^m=/gm).length, options.includes("--audio") ? 2 : 1, told.offer);
  }
});

/** In the page: a peer that would receive `kinds`, its offer to `url` with or without its BUNDLE group; the answer. */
async function watch([url, policy, kinds, bundled]) {
  window.peer?.close();
  const peer = new RTCPeerConnection({ bundlePolicy: policy });
  window.peer = peer;
  for (const kind of kinds) {
    if (kind === "application") peer.createDataChannel("any");
    else peer.addTransceiver(kind, { direction: "recvonly" });
  }
  await peer.setLocalDescription(await peer.createOffer());
  const offer = peer.localDescription.sdp;
  const body = bundled ? offer : offer.replace(/a=group:BUNDLE.*\r\n/, "");
  const response = await fetch(url, { method: "POST", headers: { "content-type": "application/sdp" }, body });
  const answer = await response.text();
  if (response.status === 201) await peer.setRemoteDescription({ type: "answer", sdp: answer });
  return { status: response.status, answer };
}

scenario("a browser that offers audio, a data channel or a second video watches", { browser: true }, async (world) => {
  const url = await serve(world);
  const page = await world.page(new URL("/healthz", url).href);
  for (const [policy, kinds, bundled] of [
    ["balanced", ["audio", "video"], true],
    ["max-bundle", ["audio", "video"], true],
    ["max-compat", ["audio", "video"], false],
    ["max-bundle", ["video", "audio"], true],
    ["max-bundle", ["video", "video"], true],
    ["balanced", ["video", "audio", "application"], true],
  ]) {
    const { status, answer } = await page.evaluate(watch, [url, policy, kinds, bundled]);
    assert.equal(status, 201, answer);
    const sections = [...answer.matchAll(/^m=(\S+)/gm)].map(([, kind]) => kind);
    assert.deepEqual(sections, kinds, answer);
    assert.equal(answer.match(/^a=sendonly/gm).length, 1, answer);
    await untilDecoded(page, FRAMES);
    world.tell(`${policy}, ${kinds.join(" and ")}${bundled ? "" : ", no group"}: decoded`);
  }
});
