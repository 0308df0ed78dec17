// WHEP as draft-ietf-wish-whep has it, spoken by a bare page: offer, answer, trickle, end.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { untilDecoded, videoStats } from "../lib/browser.mjs";
import { clip } from "../lib/paths.mjs";
import { scenario } from "../lib/scenario.mjs";
import { until } from "../lib/wait.mjs";

/**
 * In the page: a recvonly peer whose offer goes to `url`; answers what the server said. With `noUdp` it never
 * hears of the UDP candidates, as if its network let none through.
 */
async function watch([url, noUdp]) {
  const peer = new RTCPeerConnection();
  window.peer = peer;
  peer.addTransceiver("video", { direction: "recvonly" });
  await peer.setLocalDescription(await peer.createOffer());
  const response = await fetch(url, { method: "POST", headers: { "content-type": "application/sdp" }, body: peer.localDescription.sdp });
  const answer = await response.text();
  if (response.status === 201) await peer.setRemoteDescription({ type: "answer", sdp: noUdp ? answer.replaceAll(/a=candidate:\S+ \d+ udp .*\r\n/gi, "") : answer });
  const header = (name) => response.headers.get(name);
  return { status: response.status, answer, offer: peer.localDescription.sdp, location: header("location"), etag: header("etag"), type: header("content-type") };
}

/** In the page: new ICE credentials for the session at `url`; the picture goes on meanwhile. */
async function restart(url) {
  const { peer } = window;
  await peer.setLocalDescription(await peer.createOffer({ iceRestart: true }));
  const lines = (sdp, names) => names.map((name) => sdp.match(new RegExp(`a=${name}:\\S+`))[0]);
  const names = ["ice-ufrag", "ice-pwd"];
  const body = [...lines(peer.localDescription.sdp, names), ""].join("\r\n");
  const headers = { "content-type": "application/trickle-ice-sdpfrag", "if-match": "*" };
  const response = await fetch(url, { method: "PATCH", headers, body });
  const answer = await response.text();
  if (response.status === 200) {
    const [ufrag, password] = lines(answer, names);
    const sdp = peer.remoteDescription.sdp.replaceAll(/a=ice-ufrag:\S+/g, ufrag).replaceAll(/a=ice-pwd:\S+/g, password);
    await peer.setRemoteDescription({ type: "answer", sdp });
  }
  return { status: response.status, answer, etag: response.headers.get("etag") };
}

/** The ICE name and password of a session description, as a fragment for PATCH (RFC 8840). */
function fragment(sdp, ...lines) {
  const [ufrag, password] = ["ice-ufrag", "ice-pwd"].map((name) => sdp.match(new RegExp(`a=${name}:(\\S+)`))[1]);
  return [`a=ice-ufrag:${ufrag}`, `a=ice-pwd:${password}`, "m=video 9 UDP/TLS/RTP/SAVPF 0", "a=mid:0", ...lines, ""].join("\r\n");
}

scenario("offer, trickle, end", { browser: true }, async (world) => {
  const camera = await world.camera({ one: `clip:${clip("street")}` });
  const razz = await world.serve({ camera: [{ id: 1, url: camera.url("one"), detect_fps: 0 }] });
  await razz.untilState(1, "online");
  const endpoint = razz.at("/whep/1");

  const options = await fetch(endpoint, { method: "OPTIONS" });
  assert.ok([200, 204].includes(options.status), `OPTIONS: ${options.status}`);
  assert.match(options.headers.get("accept-post") ?? "", /application\/sdp/);
  assert.equal((await fetch(endpoint)).status, 405, "GET is no part of the protocol");

  const page = await world.page(razz.at("/healthz"));
  const session = await page.evaluate(watch, [endpoint]);
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

  // Credentials that are not new restart nothing.
  assert.equal((await patch(fragment(session.offer), { "if-match": "*" })).status, 400);
  const restarted = await page.evaluate(restart, url);
  assert.equal(restarted.status, 200, restarted.answer);
  assert.notEqual(restarted.etag, session.etag);
  assert.equal((await patch(fragment(session.offer, candidate), { "if-match": session.etag })).status, 412);
  const { framesDecoded } = await videoStats(page);
  await until("the video to go on", async () => (await videoStats(page)).framesDecoded > framesDecoded + 30);

  const ended = await fetch(url, { method: "DELETE" });
  assert.ok([200, 204].includes(ended.status), `DELETE: ${ended.status}`);
  assert.equal((await fetch(url, { method: "DELETE" })).status, 404, "it is gone");
  await until("the viewer to be gone", async () => (await razz.status(1)).viewers === 0);
});

scenario("a viewer that just goes away is let go", { browser: true, seconds: 150 }, async (world) => {
  const camera = await world.camera({ one: `clip:${clip("street")}` });
  const razz = await world.serve({ camera: [{ id: 1, url: camera.url("one"), detect_fps: 0 }] });
  await razz.untilState(1, "online");
  const page = await world.page(razz.at("/healthz"));
  await page.evaluate(watch, [razz.at("/whep/1")]);
  await untilDecoded(page, 30);
  await page.close();
  await until("the viewer to be gone", async () => (await razz.status(1)).viewers === 0, { seconds: 60, every: 500 });
});

scenario("a network without UDP: the picture comes over TCP on the same port", { browser: true }, async (world) => {
  const camera = await world.camera({ one: `clip:${clip("street")}` });
  const razz = await world.serve({ camera: [{ id: 1, url: camera.url("one"), detect_fps: 0 }] });
  await razz.untilState(1, "online");
  const page = await world.page(razz.at("/healthz"));
  const session = await page.evaluate(watch, [razz.at("/whep/1"), true]);
  assert.equal(session.status, 201, session.answer);
  const stats = await untilDecoded(page, 90);
  const used = await page.evaluate(async () => {
    const reports = [...(await window.peer.getStats()).values()];
    const transport = reports.find((report) => report.type === "transport");
    const pair = reports.find((report) => report.id === transport.selectedCandidatePairId);
    const remote = reports.find((report) => report.id === pair.remoteCandidateId);
    return { protocol: remote.protocol, port: remote.port };
  });
  assert.equal(used.protocol, "tcp");
  assert.equal(used.port, Number(razz.addresses.webrtc_udp.split(":").at(-1)));
  assert.equal(stats.packetsLost, 0);
});

scenario("TURN servers come with credentials that end", {}, async (world) => {
  const camera = await world.camera({ one: `clip:${clip("street")}` });
  const turn = [{ url: "turn:turn.example.org:3478", secret: "hunter2" }];
  const razz = await world.serve({ viewers: { turn }, camera: [{ id: 1, url: camera.url("one"), detect_fps: 0 }] });
  await razz.untilState(1, "online");
  const offer = [
    "v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0", "m=video 9 UDP/TLS/RTP/SAVPF 96", "c=IN IP4 0.0.0.0",
    "a=mid:0", "a=recvonly", "a=rtcp-mux", "a=setup:actpass", "a=ice-ufrag:abcd", "a=ice-pwd:0123456789abcdef01234567",
    `a=fingerprint:sha-256 ${Array(32).fill("AB").join(":")}`, "a=rtpmap:96 H264/90000",
    "a=fmtp:96 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f", "",
  ].join("\r\n");
  const post = (headers) => fetch(razz.at("/whep/1"), { method: "POST", headers: { "content-type": "application/sdp", ...headers }, body: offer });
  const response = await post({});
  assert.equal(response.status, 201, await response.text());
  const link = response.headers.get("link");
  const [, expires, credential] = link.match(/^<turn:turn\.example\.org:3478>; rel="ice-server"; username="(\d+):camera1"; credential="([^"]+)"; credential-type="password"$/);
  assert.ok(Number(expires) > Date.now() / 1000 + 3600);
  assert.equal(credential, createHmac("sha1", "hunter2").update(`${expires}:camera1`).digest("base64"));
  assert.equal(response.headers.get("accept-patch"), "application/trickle-ice-sdpfrag, application/merge-patch+json");
  assert.equal((await post({ accept: "application/json" })).status, 406);
  assert.equal((await post({ "content-type": "text/plain" })).status, 415);
});
