// What goes wrong around razz, and what of it is seen: a full disk, a kill in mid-write, a clock that is
// set back, cameras that are not there, a model that vanishes, a stop with viewers.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { clip, RAZZ } from "../lib/paths.mjs";
import { config, Razz, run, toml, written } from "../lib/razz.mjs";
import { scenario } from "../lib/scenario.mjs";
import { Seeded } from "../lib/seeded.mjs";
import { measureFor, until } from "../lib/wait.mjs";

const DEMO_MODEL = fileURLToPath(new URL("../../../crates/scene/model/demo.onnx", import.meta.url));
const COMMENT = "# Written by hand.\n";

function put(razz, id, body) {
  return fetch(razz.at(`/api/cameras/${id}`), { method: "PUT", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
}

function openFiles(razz) {
  return readdirSync(`/proc/${razz.process.pid}/fd`).length;
}

function residentMb(razz) {
  return (Number(readFileSync(`/proc/${razz.process.pid}/statm`, "utf8").split(" ")[1]) * 4096) / 1e6;
}

scenario("a full disk: the change is refused, the settings stay, and room makes it work", {}, async (world) => {
  const disk = path.join(world.folder, "disk");
  mkdirSync(disk);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], { stdio: "ignore" });
  } catch {
    return world.t.skip("a small disk cannot be mounted here (that takes root)");
  }
  world.keep({ close: () => execFileSync("umount", ["-l", disk]) });
  const camera = await world.camera({ one: `clip:${clip("street")}` });
  const settings = config({ detector: { model: "demo" }, camera: [{ id: 1, url: camera.url("one"), detect_fps: 0 }] });
  const file = written(disk, COMMENT + toml(settings));
  const before = readFileSync(file, "utf8");
  const razz = await world.razz(["serve", "--config", file]);
  await razz.untilState(1, "online");
  const filler = path.join(disk, "filler");
  let filled = 0;
  try {
    for (;;) {
      writeFileSync(filler, Buffer.alloc(4096), { flag: "a" });
      filled += 4096;
    }
  } catch (error) {
    assert.equal(error.code, "ENOSPC");
  }
  const refused = await put(razz, 1, { name: "Gate" });
  const problem = await refused.json();
  assert.ok(refused.status >= 500, `${refused.status}: ${JSON.stringify(problem)}`);
  assert.match(problem.detail, /cannot be written.*the settings are as they were/);
  world.tell(`full after ${filled} bytes: ${refused.status} ${problem.detail.replaceAll(disk, "DISK")}`);
  assert.equal(readFileSync(file, "utf8"), before, "not a byte of it changed");
  assert.deepEqual(readdirSync(disk).filter((name) => name.endsWith(".tmp")), [], "nothing lies about");
  assert.equal((await razz.status(1)).state, "online");
  assert.notEqual((await razz.json("/api/cameras/1")).name, "Gate", "what runs is what the file says");
  rmSync(filler);
  assert.equal((await put(razz, 1, { name: "Gate" })).status, 200);
  assert.match(readFileSync(file, "utf8"), /^# Written by hand\.\n[\s\S]*name = "Gate"/);
  assert.equal((await razz.status(1)).reconnects, 0);
});

scenario("killed in the middle of writes: the settings are always whole", { seconds: 300 }, async (world) => {
  const rounds = 40;
  const chance = new Seeded(world);
  // Long, so that a write takes a while.
  const cameras = Array.from({ length: 300 }, (_, i) => ({ id: i + 1, name: `Camera ${"x".repeat(80)}`, url: `rtsp://127.0.0.1:9/${i}`, detect_fps: 0 }));
  const settings = config({ detector: { model: "demo" }, camera: [] });
  delete settings.camera;
  const file = written(world.folder, COMMENT + toml(settings));
  let changes = 0;
  for (let round = 0; round < rounds; round += 1) {
    if (round === 1) writeFileSync(file, readFileSync(file, "utf8") + toml({ camera: cameras }));
    const razz = new Razz(["serve", "--config", file]);
    world.children.push(razz);
    await razz.listening();
    const running = { now: true };
    const writers = [1, 2, 3].map(async (id) => {
      for (let n = 0; running.now; n += 1) {
        const answer = await put(razz, id, { name: `Round ${round} change ${n}` }).catch(() => null);
        if (answer?.status === 200) changes += 1;
      }
    });
    await measureFor(chance.between(0.04, 0.2));
    await razz.kill();
    running.now = false;
    await Promise.all(writers);
    const { code, log } = await run(["check", "--config", file]);
    assert.equal(code, 0, `round ${round}: ${log}`);
    const text = readFileSync(file, "utf8");
    assert.ok(text.startsWith(COMMENT), `round ${round}: the comment is there`);
    if (round > 0) assert.equal(text.split("[[camera]]").length, 301, `round ${round}: every camera is there`);
    const backup = `${file}.bak`;
    if (existsSync(backup)) assert.equal((await run(["check", "--config", backup])).code, 0, `round ${round}: the backup`);
  }
  const left = readdirSync(world.folder).filter((name) => name.endsWith(".tmp"));
  world.tell(`${rounds} kills amid ${changes} changes: settings and backup whole every time; ${left.length} temporary files left by the killed`);
  assert.ok(changes > rounds, "kills came amid changes");
});

scenario("the clock is set back an hour: video and tracks go on", {}, async (world) => {
  const library = readdirSync("/usr/lib").map((name) => `/usr/lib/${name}/faketime/libfaketimeMT.so.1`).find(existsSync);
  if (!library) return world.t.skip("there is no libfaketime (Debian package faketime)");
  const time = path.join(world.folder, "time");
  writeFileSync(time, "+0");
  const camera = await world.camera({ one: `clip:${clip("street")}` });
  const file = written(world.folder, config({ detector: { model: "demo", idle: false }, camera: [{ id: 1, url: camera.url("one"), detect_fps: 5 }] }));
  const razz = new Razz(["serve", "--config", file], {
    LD_PRELOAD: library, FAKETIME_TIMESTAMP_FILE: time, FAKETIME_CACHE_DURATION: "1", FAKETIME_DONT_FAKE_MONOTONIC: "1",
  });
  world.children.push(razz);
  await razz.listening();
  await razz.untilState(1, "online");
  const tracks = razz.tracks(1, "?every_frame=1");
  await tracks.opened;
  const stamped = (message) => message.json?.rtp_timestamp !== null;
  await tracks.take(40, { chosen: stamped, seconds: 60 });
  const wall = tracks.messages.at(-1).json.timestamp;
  assert.ok(Math.abs(wall - Date.now() / 1000) < 5, "the clock is right to begin with");
  const begun = tracks.messages.length;
  writeFileSync(time, "-3600s");
  await until("frames to be stamped an hour ago", () => tracks.messages.at(-1).json.timestamp < Date.now() / 1000 - 3500, { seconds: 30 });
  await tracks.take(begun + 200, { seconds: 40 });
  const since = tracks.messages.slice(begun);
  const gap = Math.max(...since.slice(1).map((message, i) => message.at - since[i].at));
  const rtp = since.filter(stamped).map((message) => message.json.rtp_timestamp);
  const back = rtp.slice(1).filter((now, i) => ((now - rtp[i]) | 0) <= 0).length;
  world.tell(`longest pause between messages ${Math.round(gap)} ms, RTP timestamps that stepped back: ${back}`);
  assert.ok(gap < 3000, `a pause of ${gap} ms`);
  assert.equal(back, 0, "media time does not follow the clock");
  const status = await razz.status(1);
  assert.deepEqual([status.state, status.reconnects], ["online", 0]);
  tracks.close();
});

scenario("200 cameras of which 150 are not there: the others do not notice", { seconds: 240 }, async (world) => {
  const there = 50;
  const names = Array.from({ length: there }, (_, i) => `c${i + 1}`);
  const camera = await world.camera(Object.fromEntries(names.map((name) => [name, `clip:${clip("street")}`])));
  const gone = ["rtsp://127.0.0.1:9/x", "rtsp://10.255.255.1/x", "rtsp://no-such-camera.invalid/x"];
  const cameras = Array.from({ length: 200 }, (_, i) => ({ id: i + 1, url: i < there ? camera.url(names[i]) : gone[i % gone.length], detect_fps: 0 }));
  const razz = await world.serve({ detector: { model: "demo" }, viewers: { ring_bytes: 2 << 20 }, camera: cameras });
  for (let id = 1; id <= there; id += 1) await razz.untilState(id, "online", 60);
  for (let id = there + 1; id <= 200; id += 1) {
    await until(`camera ${id} to have been tried`, async () => (await razz.status(id)).last_error, { seconds: 60 });
  }
  const before = { files: openFiles(razz), mb: residentMb(razz) };
  const received = [];
  for (let id = 1; id <= there; id += 1) received.push((await razz.status(id)).reconnects);
  // Time in which each that is not there is tried again, several times.
  await measureFor(30);
  let most = 0;
  for (let n = 0; n < 20; n += 1) {
    most = Math.max(most, openFiles(razz));
    await measureFor(0.1);
  }
  const after = { files: openFiles(razz), mb: residentMb(razz) };
  world.tell(`descriptors ${before.files} then at most ${most}, memory ${before.mb.toFixed(0)} then ${after.mb.toFixed(0)} MB`);
  assert.ok(most < there + 150 * 2 + 100, `${most} descriptors`);
  assert.ok(after.mb < before.mb + 40, `memory grew from ${before.mb} to ${after.mb} MB`);
  for (let id = 1; id <= 200; id += 1) {
    const status = await razz.status(id);
    if (id > there) {
      assert.equal(status.state, "offline", `camera ${id}`);
      assert.ok(status.last_error, `camera ${id} says why`);
    } else {
      assert.deepEqual([status.state, status.reconnects], ["online", received[id - 1]], `camera ${id}`);
      assert.ok(status.fps.received > 10, `camera ${id} receives ${status.fps.received} frames a second`);
    }
  }
  const begun = performance.now();
  assert.equal((await put(razz, 200, { name: "Still answering" })).status, 200);
  world.tell(`a change is answered in ${Math.round(performance.now() - begun)} ms`);
});

scenario("the model's file is removed: detection goes on, and a restart of it says what is missing", {}, async (world) => {
  const model = path.join(world.folder, "mine.onnx");
  copyFileSync(DEMO_MODEL, model);
  const camera = await world.camera({ one: `clip:${clip("street")}` });
  const settings = { detector: { model, classes: [], idle: false }, camera: [{ id: 1, url: camera.url("one"), detect_fps: 4 }] };
  const razz = await world.serve(settings);
  await until("detections", async () => (await razz.status(1)).fps.detected > 1, { seconds: 60 });
  rmSync(model);
  const detected = async () => (await razz.json("/api/cameras/1/tracks")).stats.frame_count;
  const before = await detected();
  await until("twelve detections more: what is loaded needs no file", async () => (await detected()) >= before + 12, { seconds: 30 });
  const lines = razz.log.length;
  written(world.folder, config({ ...settings, detector: { ...settings.detector, confidence: 0.5 } }));
  razz.process.kill("SIGHUP");
  await until("the missing file to be said", () => /mine\.onnx/.test(razz.log.slice(lines).join("\n")), { seconds: 20 });
  world.tell(razz.log.slice(lines).find((line) => /mine\.onnx/.test(line)).replaceAll(world.folder, "FOLDER"));
  const status = await razz.status(1);
  assert.deepEqual([status.state, status.reconnects], ["online", 0], "the video goes on");
  assert.ok(status.fps.received > 5);
});

scenario("told to stop with viewers connected, razz ends within two seconds", { browser: true }, async (world) => {
  const camera = await world.camera({ one: `clip:${clip("street")}` });
  const razz = await world.serve({ detector: { model: "demo", idle: false }, camera: [{ id: 1, url: camera.url("one"), detect_fps: 5 }] });
  await razz.untilState(1, "online");
  await world.page(razz.at("/camera-viewer.html?camera=1"));
  const tracks = razz.tracks(1, "?every_frame=1");
  await tracks.take(3, { seconds: 30 });
  const load = world.program("viewers", RAZZ, ["bench", "viewers", "--whep", razz.at("/whep/1"), "-n", "20", "--seconds", "60"]);
  await until("the viewers to be there", async () => (await razz.status(1)).viewers >= 21, { seconds: 40 });
  for (let n = 0; n < 3; n += 1) fetch(razz.at("/api/cameras/1/snapshot.jpg")).catch(() => {});
  const begun = performance.now();
  razz.process.kill("SIGTERM");
  const { code } = await razz.exited;
  const ms = Math.round(performance.now() - begun);
  world.tell(`ended with code ${code} after ${ms} ms, 21 viewers connected`);
  assert.equal(code, 0);
  assert.ok(ms < 2000, `it took ${ms} ms`);
  await load.kill();
});
