// Cameras come, change and go while razz runs, by the API and by an editor; the others never notice.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { clip } from "../lib/paths.mjs";
import { scenario } from "../lib/scenario.mjs";
import { until } from "../lib/wait.mjs";

const COMMENT = "# The camera over the door.";

/** A config with a comment and one camera with a password. */
function text(camera) {
  return `[server]
listen = "127.0.0.1:0"
compat_listen = "127.0.0.1:0"
webrtc_udp = "127.0.0.1:0"

[detector]
model = "demo"
classes = []

${COMMENT}
[[camera]]
id = 1
name = "Door"
url = "${camera.url("one")}"
username = "viewer"
password = "right-password"
detect_fps = 0
`;
}

function send(razz, method, route, body, headers = {}) {
  const json = body === undefined ? {} : { "content-type": "application/json" };
  return fetch(razz.at(route), { method, headers: { ...json, ...headers }, body: body === undefined ? undefined : JSON.stringify(body) });
}

async function refused(response, status, type) {
  const problem = await response.json();
  assert.equal(response.status, status, JSON.stringify(problem));
  assert.equal(problem.type, `urn:razz:problem:${type}`);
  assert.doesNotMatch(JSON.stringify(problem), /right-password/);
  return problem;
}

scenario("cameras are added, changed and removed through the API", {}, async (world) => {
  const mount = `clip:${clip("street")}`;
  const camera = await world.camera({ one: mount, two: mount }, { user: "viewer", password: "right-password" });
  const razz = await world.serve(text(camera));
  const file = path.join(world.folder, "razz.toml");
  await razz.untilState(1, "online");

  // Added: in the file, behind everything else, and at once on the air.
  const added = await send(razz, "POST", "/api/cameras", {
    name: "Yard", url: camera.url("two"), username: "viewer", password: "right-password", detect_fps: 2,
  });
  assert.equal(added.status, 201);
  assert.equal(new URL(added.headers.get("location"), added.url).href, razz.at("/api/cameras/2"));
  const info = await added.json();
  assert.deepEqual([info.id, info.name, info.detect_fps], [2, "Yard", 2]);
  assert.doesNotMatch(JSON.stringify(info), /right-password/);
  await razz.untilState(2, "online");
  assert.ok(readFileSync(file, "utf8").startsWith(text(camera)), "what stood there stands there");
  assert.ok(!readFileSync(`${file}.bak`, "utf8").includes("Yard"));
  await until("camera 2 to be detected on", async () => (await razz.status(2)).fps.detected > 0, { seconds: 60 });

  // Changed: the video goes on.
  const before = await razz.status(2);
  const changed = await send(razz, "PUT", "/api/cameras/2", { name: "Back yard", detect_fps: 0 });
  assert.equal(changed.status, 200);
  assert.deepEqual([(await changed.json()).name], ["Back yard"]);
  await until("detection to end", async () => (await razz.status(2)).fps.wanted === 0, { seconds: 5 });
  const after = await razz.status(2);
  assert.deepEqual([after.state, after.reconnects, after.since], ["online", before.reconnects, before.since]);

  // A path of the same host keeps the password; a wrong one is seen.
  assert.equal((await send(razz, "PUT", "/api/cameras/2", { url: camera.url("one") })).status, 200);
  await razz.untilState(2, "online");

  // Refused: nothing changes, and the key is named.
  const good = readFileSync(file, "utf8");
  const wrong = await refused(await send(razz, "PUT", "/api/cameras/2", { detect_fps: -3 }), 422, "invalid-settings");
  assert.deepEqual(wrong.errors.map((error) => error.key), ["detect_fps"]);
  const url = await refused(await send(razz, "POST", "/api/cameras", { url: "http://h/s" }), 422, "invalid-settings");
  assert.deepEqual(url.errors.map((error) => error.key), ["url"]);
  await refused(await send(razz, "POST", "/api/cameras", { id: 1, url: camera.url("two") }), 409, "conflict");
  await refused(await send(razz, "POST", "/api/cameras", { colour: "red" }), 400, "bad-request");
  await refused(await send(razz, "PUT", "/api/cameras/9", { name: "x" }), 404, "unknown-camera");
  await refused(await send(razz, "DELETE", "/api/cameras/9"), 404, "unknown-camera");
  await refused(await fetch(razz.at("/api/cameras"), { method: "POST", body: "{}" }), 415, "unsupported-media-type");
  await refused(await send(razz, "DELETE", "/api/cameras/2", undefined, { origin: "http://evil.example" }), 403, "cross-origin");
  await refused(await send(razz, "DELETE", "/api/cameras/2", undefined, { "sec-fetch-site": "cross-site" }), 403, "cross-origin");
  for (const odd of ["..%2F1", "%5C", "%00", "1%0a", encodeURIComponent("ü".repeat(3000))]) {
    for (const method of ["PUT", "DELETE"]) {
      const response = await send(razz, method, `/api/cameras/${odd}`, method === "PUT" ? { name: "x" } : undefined);
      await refused(response, 404, "unknown-camera");
    }
  }
  assert.equal(readFileSync(file, "utf8"), good);

  // Removed.
  assert.equal((await send(razz, "DELETE", "/api/cameras/2")).status, 204);
  assert.equal((await fetch(razz.at("/api/cameras/2"))).status, 404);
  assert.equal(readFileSync(file, "utf8").trim(), text(camera).trim());

  // The first camera noticed nothing of all this.
  const first = await razz.status(1);
  assert.deepEqual([first.state, first.reconnects], ["online", 0]);
});

scenario("a changed file is taken over, a wrong one is not", {}, async (world) => {
  const mount = `clip:${clip("street")}`;
  const camera = await world.camera({ one: mount, two: mount }, { user: "viewer", password: "right-password" });
  const razz = await world.serve(text(camera));
  const file = path.join(world.folder, "razz.toml");
  await razz.untilState(1, "online");
  const since = (await razz.status(1)).since;

  const second = `\n[[camera]]\nid = 5\nurl = "${camera.url("two")}"\nusername = "viewer"\npassword = "right-password"\ndetect_fps = 0\n`;
  writeFileSync(file, text(camera) + second);
  await until("the new camera to be known", async () => (await fetch(razz.at("/api/cameras/5"))).ok, { seconds: 10 });
  await razz.untilState(5, "online");

  writeFileSync(file, `${text(camera)}${second}detekt_fps = 1\n`);
  razz.process.kill("SIGHUP");
  await until("the mistake to be said", () => /did you mean `?detect_fps/.test(razz.log.join("\n")), { seconds: 10 });
  assert.match(razz.log.join("\n"), /the settings stay as they were: .*razz\.toml:\d+:\d+/);
  assert.equal((await razz.status(5)).state, "online");
  // The API does not write over what someone is at.
  await refused(await send(razz, "DELETE", "/api/cameras/5"), 409, "conflict");

  writeFileSync(file, text(camera).replace("\"Door\"", "\"Front door\""));
  razz.process.kill("SIGHUP");
  await until("the name to be taken over", async () => (await razz.json("/api/cameras/1")).name === "Front door", { seconds: 10 });
  assert.equal((await fetch(razz.at("/api/cameras/5"))).status, 404);
  const first = await razz.status(1);
  assert.deepEqual([first.state, first.reconnects, first.since], ["online", 0, since]);
});

scenario("the demo's cameras are fixed", {}, async (world) => {
  const razz = await world.razz(["demo", "--port", "0", "--cameras", "1"]);
  const problem = await refused(await send(razz, "DELETE", "/api/cameras/1"), 409, "conflict");
  assert.match(problem.detail, /without a config file/);
});
