// Cameras behind TLS and behind HTTP, against GStreamer's RTSP server: certificates are pinned, and another one is not
// taken before somebody says so.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { untilDecoded } from "../lib/browser.mjs";
import { clip } from "../lib/paths.mjs";
import { config, run, written } from "../lib/razz.mjs";
import { scenario } from "../lib/scenario.mjs";
import { until } from "../lib/wait.mjs";

/** A certificate of version 1 that a camera signed for itself, with its key, in one file; and its fingerprint. */
function identity(folder, name) {
  const file = (kind) => path.join(folder, `${name}.${kind}`);
  const openssl = (...args) => execFileSync("openssl", args, { stdio: ["ignore", "pipe", "ignore"] }).toString();
  openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", `/CN=${name}`, "-keyout", file("key"), "-out", file("csr"));
  openssl("x509", "-req", "-in", file("csr"), "-signkey", file("key"), "-days", "30", "-out", file("crt"));
  writeFileSync(file("pem"), readFileSync(file("crt")) + readFileSync(file("key")));
  const print = openssl("x509", "-in", file("crt"), "-noout", "-fingerprint", "-sha256").trim();
  return { pem: file("pem"), fingerprint: `sha256:${print.split("=")[1]}` };
}

const encrypted = (camera, mount) => camera.url(mount).replace("rtsp:", "rtsps:");

scenario("rtsps: the certificate is pinned, and another is taken only when somebody says so", { browser: true }, async (world) => {
  const [first, second] = ["first", "second"].map((name) => identity(world.folder, name));
  let camera = await world.camera({ one: `clip:${clip("street")}` }, { tls: first.pem });
  const url = encrypted(camera, "one");
  const looked = await run(["doctor", "--camera", url, "--json"], { seconds: 40 });
  assert.equal(looked.code, 0, looked.log);
  assert.equal(JSON.parse(looked.log.slice(looked.log.indexOf("{"))).camera.certificate, first.fingerprint);

  const content = { camera: [{ id: 1, name: "Street", url, detect_fps: 0 }] };
  let razz = await world.serve(content);
  const page = await world.page(razz.at("/camera-viewer.html?camera=1"));
  await untilDecoded(page, 30);
  const state = path.join(world.folder, "razz.state.json");
  await until("the pin to be kept", () => existsSync(state) && readFileSync(state, "utf8").includes(first.fingerprint));

  await camera.kill();
  camera = await world.restarted(camera);
  await razz.untilState(1, "online", 40);

  await camera.kill();
  camera = await world.restarted(camera, { tls: second.pem });
  const refused = await until("the other certificate to be refused", async () => {
    const status = await razz.status(1);
    return status.advice.some((text) => text.includes(second.fingerprint)) && status;
  }, { seconds: 40 });
  assert.equal(refused.state, "offline");
  assert.match(refused.last_error, /another certificate/);

  // A process that begins anew remembers as well.
  await razz.stop();
  razz = await world.serve(content);
  await until("it to be refused after a restart", async () => /another certificate/.test((await razz.status(1)).last_error ?? ""), { seconds: 40 });

  const changed = await fetch(razz.at("/api/cameras/1"), {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ certificate: second.fingerprint }),
  });
  assert.equal(changed.status, 200, await changed.text());
  await razz.untilState(1, "online", 40);
  const kept = readFileSync(path.join(world.folder, "razz.toml"), "utf8");
  assert.match(kept, new RegExp(`certificate = "${second.fingerprint}"`));
});

scenario("RTSP through HTTP and HTTPS, with a password", {}, async (world) => {
  const tls = identity(world.folder, "camera").pem;
  const login = { user: "anna", password: "p@ss/word", auth: "digest" };
  const plain = await world.camera({ one: `clip:${clip("street")}` }, login);
  const secure = await world.camera({ one: `clip:${clip("street")}` }, { ...login, tls });
  const known = { username: login.user, password: login.password, detect_fps: 0, transport: "http" };
  const razz = await world.serve({
    camera: [
      { id: 1, name: "HTTP", url: plain.url("one"), ...known },
      { id: 2, name: "HTTPS", url: encrypted(secure, "one"), ...known },
    ],
  });
  for (const id of [1, 2]) {
    await razz.untilState(id, "online");
    await until(`frames of camera ${id}`, async () => (await razz.status(id)).fps.received > 20, { seconds: 20 });
  }
});

scenario("udp is refused beside rtsps", {}, async (world) => {
  const camera = { id: 1, url: "rtsps://10.0.0.5/s", transport: "udp" };
  const { code, log } = await run(["check", "--config", written(world.folder, config({ camera: [camera] }))]);
  assert.equal(code, 2, log);
  assert.match(log, /would send the video in the clear/);
});
