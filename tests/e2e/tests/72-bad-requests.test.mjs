// Requests that make no sense: an answer that says so, for every one, and the server goes on.

import assert from "node:assert/strict";
import net from "node:net";
import { clip } from "../lib/paths.mjs";
import { scenario } from "../lib/scenario.mjs";
import { until } from "../lib/wait.mjs";

/** Posts a body of `size` bytes without minding when the server stops reading; answers its first line. */
async function postOversize(address, route, type, size, announce) {
  const [host, port] = address.split(":");
  const socket = net.connect(Number(port), host);
  socket.on("error", () => {}); // the server may hang up as soon as it has answered
  let text = "";
  socket.on("data", (chunk) => (text += chunk));
  const length = announce ? `Content-Length: ${size}` : "Transfer-Encoding: chunked";
  socket.write(`POST ${route} HTTP/1.1\r\nHost: ${address}\r\nContent-Type: ${type}\r\n${length}\r\n\r\n`);
  const piece = Buffer.alloc(65536, "a");
  for (let sent = 0; sent < size && text === "" && !socket.destroyed; sent += piece.length) {
    if (!announce) socket.write(`${piece.length.toString(16)}\r\n`);
    socket.write(piece);
    if (!announce) socket.write("\r\n");
    // The answer comes while we still write, and then the server hangs up: one who goes on writing learns of that before
    // the answer is read.
    await new Promise((go) => {
      socket.once("data", go).once("close", go);
      setTimeout(go, 20);
    });
  }
  if (!announce && text === "") socket.write("0\r\n\r\n");
  await until("an answer to an oversize body", () => text.includes("\r\n\r\n"));
  socket.destroy();
  return text;
}

async function assertProblem(response, status, what) {
  const body = await response.text();
  assert.ok([status].flat().includes(response.status), `${what}: ${response.status} ${body}`);
  assert.match(response.headers.get("content-type") ?? "", /^application\/problem\+json/, what);
  const problem = JSON.parse(body);
  assert.equal(typeof problem.type, "string", what);
  assert.equal(typeof problem.title, "string", what);
  // No stack trace, no address in memory, and one line.
  assert.doesNotMatch(body, /\.rs:\d|panicked|backtrace|0x[0-9a-f]{6}|\\n/i, what);
  return problem;
}

const sdp = (body) => ({ method: "POST", headers: { "content-type": "application/sdp" }, body });
const GARBAGE = {
  empty: "",
  text: "this is no session description",
  "a lone line": "v=0\r\n",
  "no media": "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n",
  "audio only": "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=rtpmap:111 opus/48000/2\r\n",
  "no fingerprint": "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=recvonly\r\na=rtpmap:96 H264/90000\r\n",
  "numbers out of range": "v=0\r\no=- 99999999999999999999 -1 IN IP4 x\r\ns=-\r\nt=0 0\r\nm=video 99999 UDP/TLS/RTP/SAVPF 999\r\n",
  "bytes that are not text": Buffer.from([0xff, 0xfe, 0x00, 0x80, 0xc3, 0x28]),
  "a very long line": `v=0\r\na=${"x".repeat(20_000)}\r\n`,
};

scenario("unknown ids, SDP garbage, oversize bodies", {}, async (world) => {
  const camera = await world.camera({ one: `clip:${clip("street")}` });
  const razz = await world.serve({ camera: [{ id: 1, url: camera.url("one"), detect_fps: 0 }] });
  await razz.untilState(1, "online");

  for (const route of ["/api/cameras/99", "/api/cameras/99/status", "/api/cameras/99/tracks", "/api/cameras/99/snapshot.jpg", "/api/nothing"]) {
    await assertProblem(await fetch(razz.at(route)), 404, route);
  }
  await assertProblem(await fetch(razz.at("/whep/99"), sdp(GARBAGE["no media"])), 404, "WHEP of an unknown camera");
  for (const id of ["0", "x", "-1", "1e9", "99999999999999999999", "%00", "..%2f..%2fetc%2fpasswd"]) {
    await assertProblem(await fetch(razz.at(`/api/cameras/${id}`)), [400, 404], `camera ${id}`);
  }
  await assertProblem(await fetch(razz.at("/whep/1/no-such-session"), { method: "DELETE" }), 404, "an unknown session");

  for (const [what, body] of Object.entries(GARBAGE)) {
    const problem = await assertProblem(await fetch(razz.at("/whep/1"), sdp(body)), [400, 406, 422], `WHEP, ${what}`);
    world.tell(`WHEP, ${what}: ${problem.detail ?? problem.title}`);
  }
  await assertProblem(
    await fetch(razz.at("/whep/1"), { ...sdp(GARBAGE["no media"]), headers: { "content-type": "text/plain" } }),
    415,
    "WHEP with another content type",
  );

  const receive = (form, path = "camera1") =>
    fetch(razz.compat(`/stream/receiver/${path}`), { method: "POST", body: new URLSearchParams(form) });
  const forms = [
    ...Object.entries(GARBAGE).map(([what, body]) => [what, { suuid: "camera1", data: Buffer.from(body).toString("base64") }]),
    ["not base64", { suuid: "camera1", data: "%%%" }],
    ["no data", { suuid: "camera1" }],
    ["no suuid", { data: "AAAA" }],
    ["an unknown stream", { suuid: "camera99", data: Buffer.from(GARBAGE["no media"]).toString("base64") }],
  ];
  for (const [what, form] of forms) {
    const response = await receive(form);
    assert.equal(response.status, 200, `RTSPtoWebRTC, ${what}`);
    assert.equal(await response.text(), "", `RTSPtoWebRTC, ${what}`);
    assert.equal(response.headers.get("access-control-allow-origin"), "*");
  }
  const codec = await fetch(razz.compat("/stream/codec/camera99"));
  assert.deepEqual([codec.status, await codec.text()], [200, ""]);
  const preflight = await fetch(razz.compat("/stream/receiver/camera1"), { method: "OPTIONS" });
  assert.equal(preflight.status, 204);
  const foreign = new URLSearchParams({ url: "rtsp://10.9.8.7/private", sdp64: Buffer.from(GARBAGE["no media"]).toString("base64") });
  const adhoc = await fetch(razz.compat("/stream"), { method: "POST", body: foreign });
  assert.doesNotMatch(await adhoc.text(), /sdp64/, "an address that is no configured camera is not dialled");

  for (const announce of [true, false]) {
    const offered = await postOversize(razz.addresses.listen, "/whep/1", "application/sdp", 4 << 20, announce);
    assert.match(offered, /^HTTP\/1\.1 413 [^]*application\/problem\+json/i);
    // The pages written for the original look only for an empty body.
    const answer = await postOversize(razz.addresses.compat_listen, "/stream/receiver/camera1", "application/x-www-form-urlencoded", 4 << 20, announce);
    assert.match(answer, /^HTTP\/1\.1 (413|200) /);
    assert.doesNotMatch(answer, /sdp/i);
  }

  const status = await razz.status(1);
  assert.equal(status.state, "online");
  assert.equal(status.viewers, 0, "none of these became a viewer");
  assert.ok(razz.log.every((line) => !/panicked/.test(line)), "nothing panicked");
});
