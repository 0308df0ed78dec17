// A look at a camera says what it sends and what to change, on the command line and through the API.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { clip } from "../lib/paths.mjs";
import { run } from "../lib/razz.mjs";
import { scenario } from "../lib/scenario.mjs";

scenario("razz doctor names what a camera sends and what to change", {}, async (world) => {
  const mounts = { good: `clip:${clip("street")}`, bframes: "bframes", h265: "h265" };
  const camera = await world.camera(mounts, { user: "viewer", password: "right-password" });
  const url = (name, password = "right-password") => camera.url(name).replace("rtsp://", `rtsp://viewer:${password}@`);
  for (const [name, code, says] of [
    ["good", 0, [/H264, High|H264, Main|H264, /, /1280 x 720/, /frames a second/, /GOP/, /B-frames no/]],
    ["bframes", 0, [/B-frames yes/, /encodes its pictures anew.*Baseline/]],
    ["h265", 0, [/codec +H265, Main/, /B-frames no/, /advice +It sends H\.265.*to H\.264/]],
    ["missing", 1, [/problem/]],
  ]) {
    const { code: got, log, stderr } = await run(["doctor", "--camera", url(name)], { seconds: 40 });
    world.tell(`${name}: ${log.split("\n").slice(-8).join(" | ")}`);
    assert.equal(got, code, log);
    for (const words of says) assert.match(log, words);
    assert.doesNotMatch(log + stderr, /right-password/);
  }
  const wrong = await run(["doctor", "--camera", url("good", "hunter2"), "--json"], { seconds: 40 });
  assert.equal(wrong.code, 1);
  assert.match(wrong.log, /user name or password/);
  assert.doesNotMatch(wrong.log + wrong.stderr, /hunter2/);
  const usage = await run(["doctor", "--camera", "http://h/s"]);
  assert.equal(usage.code, 2);
});

scenario("a report of a camera shows nothing secret, and is played again without the camera", {}, async (world) => {
  const camera = await world.camera({ one: `clip:${clip("street")}` }, { user: "viewer", password: "right-password" });
  const url = camera.url("one").replace("rtsp://", "rtsp://viewer:right-password@");
  for (const [transport, options] of [["tcp", []], ["udp", ["--udp"]], ["http", ["--http"]]]) {
    const file = path.join(world.folder, `${transport}.report`);
    const then = await run(["doctor", "--camera", url, "--report", file, ...options], { seconds: 40 });
    assert.equal(then.code, 0, then.log);
    const text = readFileSync(file, "utf8");
    assert.doesNotMatch(text, /right-password|viewer/);
    assert.match(text, /m=video/);
    assert.ok(text.length < 1_000_000, `${text.length} bytes`);
    world.tell(`${transport}: a report of ${(text.length / 1000).toFixed(0)} kB`);
  }
  await camera.kill();
  for (const transport of ["tcp", "udp", "http"]) {
    const now = await run(["replay", path.join(world.folder, `${transport}.report`)], { seconds: 40 });
    assert.equal(now.code, 0, now.log);
    for (const words of [/size +1280 x 720/, /codec +H264/, /then +razz .* the camera can be used/]) assert.match(now.log, words);
    assert.doesNotMatch(now.log, /differs/);
  }
  const bad = path.join(world.folder, "bad.report");
  writeFileSync(bad, "hello");
  const refused = await run(["replay", bad]);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /bad\.report: it is no report/);
});

scenario("a camera is tried out before it is added", {}, async (world) => {
  const camera = await world.camera({ one: `clip:${clip("street")}` }, { user: "viewer", password: "right-password" });
  const razz = await world.serve({
    camera: [{ id: 1, url: camera.url("one"), username: "viewer", password: "right-password", detect_fps: 0 }],
  });
  await razz.untilState(1, "online");
  const test = async (body) => {
    const response = await fetch(razz.at("/api/cameras/test"), {
      method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
    });
    return { status: response.status, body: await response.json() };
  };
  const fresh = await test({ url: camera.url("one"), username: "viewer", password: "right-password" });
  assert.equal(fresh.status, 200);
  assert.equal(fresh.body.ok, true, JSON.stringify({ ...fresh.body, picture: undefined }));
  assert.deepEqual([fresh.body.codec, fresh.body.size, fresh.body.b_frames], ["H264", [1280, 720], false]);
  assert.match(fresh.body.picture, /^data:image\/jpeg;base64,\/9j\//);
  // The password of a camera that is there need not be typed again.
  const known = await test({ id: 1, url: camera.url("one") });
  assert.equal(known.body.ok, true, known.body.error);
  const wrong = await test({ url: camera.url("one"), username: "viewer", password: "hunter2" });
  assert.equal(wrong.body.ok, false);
  assert.match(wrong.body.error, /user name or password/);
  assert.doesNotMatch(JSON.stringify([fresh.body, known.body, wrong.body]), /right-password|hunter2/);
  const bad = await test({ url: "ftp://h/s" });
  assert.equal(bad.status, 422);
  assert.equal((await razz.json("/api/cameras")).length, 1, "nothing was added");
});
