// Home Assistant's RTSPtoWebRTC integration: its own client hands a browser's offer over, and the browser plays.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { untilDecoded } from "../lib/browser.mjs";
import { Missing } from "../lib/camera.mjs";
import { servePages } from "../lib/pages.mjs";
import { clip, ROOT } from "../lib/paths.mjs";
import { scenario } from "../lib/scenario.mjs";

const run = promisify(execFile);
// Set up by scripts/setup.sh.
const PYTHON = path.join(ROOT, "tests/e2e/clients/.venv/bin/python");
const CLIENT = path.join(ROOT, "tests/e2e/clients/rtsp_to_webrtc_client.py");

/** What the client makes of an offer: `{client, answer}` or `{error}`. */
async function hand(server, camera, offer) {
  if (!existsSync(PYTHON)) throw new Missing("there is no tests/e2e/clients/.venv here: run make setup");
  const running = run(PYTHON, [CLIENT], { timeout: 60_000 });
  running.child.stdin.end(JSON.stringify({ server, camera, offer }));
  return JSON.parse((await running).stdout);
}

/** In the page: an offer as Home Assistant's own pages make it. */
async function offer() {
  window.peer = new RTCPeerConnection();
  window.peer.createDataChannel("dataSendChannel");
  for (const kind of ["audio", "video"]) window.peer.addTransceiver(kind, { direction: "recvonly" });
  await window.peer.setLocalDescription(await window.peer.createOffer());
  return window.peer.localDescription.sdp;
}

const accept = (sdp) => window.peer.setRemoteDescription({ type: "answer", sdp });

scenario("Home Assistant's client plays the cameras of the config, and no others", { browser: true }, async (world) => {
  const login = { user: "viewer", password: "right-password" };
  const camera = await world.camera({ one: `clip:${clip("street")}`, two: `clip:${clip("road")}` }, login);
  const url = camera.url("one");
  const razz = await world.serve({ camera: [{ id: 1, url, username: login.user, password: login.password, detect_fps: 0 }] });
  await razz.untilState(1, "online");
  const server = `http://${razz.addresses.compat_listen}/`;
  const pages = world.keep(await servePages());

  // As the address stands in the config, and as it stands in Home Assistant's.
  const named = url.replace("rtsp://", `RTSP://${login.user}:${login.password}@`);
  for (const address of [url, named]) {
    const page = await world.page(pages.url("frame.html"));
    const told = await hand(server, address, await page.evaluate(offer));
    assert.equal(told.client, "WebRTCClient", JSON.stringify(told));
    await page.evaluate(accept, told.answer);
    await untilDecoded(page, 30);
    await page.context().close();
  }

  // No way into the network, and a word that says why.
  const page = await world.page(pages.url("frame.html"));
  const sdp = await page.evaluate(offer);
  const other = camera.url("two").replace("rtsp://", `rtsp://${login.user}:${login.password}@`);
  for (const [address, reason] of [
    [other, `no configured camera has this URL (${camera.url("two")}), and \`compat.allow_adhoc\` is off`],
    ["http://127.0.0.1:1/video", "http:// is not supported"],
  ]) {
    const { error } = await hand(server, address, sdp);
    assert.ok(error.startsWith("RTSPtoWebRTC server failure: ") && error.includes(reason), error);
    assert.ok(!error.includes(login.password));
  }
  const { error } = await hand(server, url, "v=0\r\n");
  assert.match(error, /RTSPtoWebRTC server failure: .*offer/);
  assert.equal((await (await fetch(razz.at("/api/cameras"))).json()).length, 1);
  assert.ok(!razz.log.join("\n").includes(login.password));
});

scenario("Home Assistant's client, where others sign in", {}, async (world) => {
  const camera = await world.camera({ one: `clip:${clip("street")}` });
  const cameras = [{ id: 1, url: camera.url("one"), detect_fps: 0 }];
  const closed = await world.serve({ access: { mode: "on" }, camera: cameras });
  const refused = await hand(`http://${closed.addresses.compat_listen}/`, camera.url("one"), "v=0\r\n");
  assert.match(refused.error, /server failure: Unauthorized/);
  const open = await world.serve({ access: { mode: "on", open_networks: ["127.0.0.1"] }, camera: cameras });
  const heard = await hand(`http://${open.addresses.compat_listen}/`, camera.url("one"), "v=0\r\n");
  assert.match(heard.error, /server failure: .*offer/, "let in, and refused for its offer alone");
});
