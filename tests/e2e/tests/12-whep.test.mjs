// WHEP as draft-ietf-wish-whep has it, spoken by a bare page: offer, answer, trickle, end.

import assert from "node:assert/strict";
import { untilDecoded, videoStats } from "../lib/browser.mjs";
import { clip } from "../lib/paths.mjs";
import { scenario } from "../lib/scenario.mjs";
import { until } from "../lib/wait.mjs";

/** In the page: a recvonly peer whose offer goes to `url`; answers what the server said. */
async function watch(url) {
  const peer = new RTCPeerConnection();
  window.peer = peer;
  peer.addTransceiver("video", { direction: "recvonly" });
  await peer.setLocalDescription(await peer.createOffer());
  const response = await fetch(url, { method: "POST", headers: { "content-type": "application/sdp" }, body: peer.localDescription.sdp });
  const answer = await response.text();
  if (response.status === 201) await peer.setRemoteDescription({ type: "answer", sdp: answer });
  const header = (name) => response.headers.get(name);
  return { status: response.status, answer, offer: peer.localDescription.sdp, location: header("location"), etag: header("etag"), type: header("content-type") };
}

/** The ICE name and password of a session description, as a fragment for PATCH (RFC 8840). */
function fragment(sdp, ...lines) {
  const [ufrag, password] = ["ice-ufrag", "ice-pwd"].map((name) => sdp.match(new RegExp(`a=${name}:(\\S+)`))[1]);
  return [`a=ice-ufrag:${ufrag}`, `a=ice-pwd:${password}`, "m=video 9 UDP/TLS/RTP/SAVPF 0", "a=mid:0", ...lines, ""].join("\r\n");
}

scenario("offer, trickle, end", { data: true, browser: true }, async (world) => {
  const camera = await world.camera({ one: `clip:${clip("people-walking")}` });
  const razz = await world.serve({ camera: [{ id: 1, url: camera.url("one"), detect_fps: 0 }] });
  await razz.untilState(1, "online");
  const endpoint = razz.at("/whep/1");

  const options = await fetch(endpoint, { method: "OPTIONS" });
  assert.ok([200, 204].includes(options.status), `OPTIONS: ${options.status}`);
  assert.match(options.headers.get("accept-post") ?? "", /application\/sdp/);
  assert.equal((await fetch(endpoint)).status, 405, "GET is no part of the protocol");

  const page = await world.page(razz.at("/healthz"));
  const session = await page.evaluate(watch, endpoint);
  assert.equal(session.status, 201, session.answer);
  assert.match(session.type, /^application\/sdp/);
  assert.ok(session.location, "a Location");
  assert.ok(session.etag, "an ETag");
  assert.match(session.answer, /a=sendonly/);
  assert.match(session.answer, /a=ice-lite/);
  const url = new URL(session.location, endpoint).href;
  await untilDecoded(page, 60);
  assert.equal((await razz.status(1)).viewers, 1);

  const patch = (body, headers) =>
    fetch(url, { method: "PATCH", headers: { "content-type": "application/trickle-ice-sdpfrag", ...headers }, body });
  const candidate = "a=candidate:1 1 UDP 2130706431 127.0.0.1 50000 typ host";
  const trickled = await patch(fragment(session.offer, candidate), { "if-match": session.etag });
  assert.equal(trickled.status, 204, await trickled.text());
  assert.equal((await patch(fragment(session.offer, candidate), { "if-match": '"another"' })).status, 412);
  assert.equal((await patch("x", { "if-match": session.etag, "content-type": "text/plain" })).status, 415);
  assert.ok((await patch("no fragment at all", { "if-match": session.etag })).status >= 400);

  // An ICE restart is refused in the draft's words, and the session is none the worse for it.
  const restart = await patch(fragment(session.offer), { "if-match": "*" });
  assert.equal(restart.status, 422, await restart.text());
  const { framesDecoded } = await videoStats(page);
  await until("the video to go on", async () => (await videoStats(page)).framesDecoded > framesDecoded + 30);

  const ended = await fetch(url, { method: "DELETE" });
  assert.ok([200, 204].includes(ended.status), `DELETE: ${ended.status}`);
  assert.equal((await fetch(url, { method: "DELETE" })).status, 404, "it is gone");
  await until("the viewer to be gone", async () => (await razz.status(1)).viewers === 0);
});

scenario("a viewer that just goes away is let go", { data: true, browser: true, seconds: 150 }, async (world) => {
  const camera = await world.camera({ one: `clip:${clip("people-walking")}` });
  const razz = await world.serve({ camera: [{ id: 1, url: camera.url("one"), detect_fps: 0 }] });
  await razz.untilState(1, "online");
  const page = await world.page(razz.at("/healthz"));
  await page.evaluate(watch, razz.at("/whep/1"));
  await untilDecoded(page, 30);
  await page.close();
  await until("the viewer to be gone", async () => (await razz.status(1)).viewers === 0, { seconds: 60, every: 500 });
});
