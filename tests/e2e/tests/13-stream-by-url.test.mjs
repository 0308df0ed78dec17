// `POST /stream` of RTSPtoWebRTC: a camera by its URL, configured or, where that is allowed, any.

import assert from "node:assert/strict";
import { untilDecoded } from "../lib/browser.mjs";
import { servePages } from "../lib/pages.mjs";
import { clip } from "../lib/paths.mjs";
import { scenario } from "../lib/scenario.mjs";

/** In the page: offers to watch `url` through the server at `server`; answers what the server said. */
async function watch([server, url]) {
  const peer = new RTCPeerConnection();
  peer.addTransceiver("video", { direction: "sendrecv" });
  const offer = await peer.createOffer();
  await peer.setLocalDescription(offer);
  const body = new URLSearchParams({ url, sdp64: btoa(offer.sdp) });
  const response = await fetch(`http://${server}/stream`, { method: "POST", body });
  const answer = await response.json();
  if (response.ok) await peer.setRemoteDescription({ type: "answer", sdp: atob(answer.sdp64) });
  return { status: response.status, tracks: answer.tracks };
}

for (const allowed of [false, true]) {
  scenario(`a camera by its URL, any of them ${allowed}`, { browser: true }, async (world) => {
    const camera = await world.camera({ one: `clip:${clip("street")}`, two: `clip:${clip("road")}` });
    const razz = await world.serve({ compat: { allow_adhoc: allowed }, camera: [{ id: 1, url: camera.url("one"), detect_fps: 0 }] });
    const pages = world.keep(await servePages());
    for (const [mount, plays] of [["one", true], ["two", allowed]]) {
      // A page of another origin than the endpoints, and without a policy.
      const page = await world.page(pages.url("frame.html"));
      const { status, tracks } = await page.evaluate(watch, [razz.addresses.compat_listen, camera.url(mount)]);
      assert.equal(status, plays ? 200 : 400, mount);
      if (!plays) continue;
      assert.deepEqual(tracks, ["video"]);
      await untilDecoded(page, 30);
    }
    const known = await (await fetch(razz.at("/api/cameras"))).json();
    assert.equal(known.length, allowed ? 2 : 1);
  });
}
