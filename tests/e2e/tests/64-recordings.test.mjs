// Recordings on the disk: byte for byte what the camera sent, by another's reader, also of the file that is being written;
// whole up to the last second after any end; a full disk and a folder that is gone, which nobody else notices.
//
// RAZZ_KILLS: how often the process is killed (default 6).

import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { framesOf } from "../lib/mp4.mjs";
import { clip, RAZZ } from "../lib/paths.mjs";
import { receiver } from "../lib/receiver.mjs";
import { scenario } from "../lib/scenario.mjs";
import { Seeded } from "../lib/seeded.mjs";
import { measureFor, until } from "../lib/wait.mjs";

const run = promisify(execFile);
const KILLS = Number(process.env.RAZZ_KILLS ?? 6);

/** The files of a camera, oldest first. */
function files(footage, camera = 1) {
  const folder = path.join(footage, String(camera));
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".mp4")).sort().map((name) => path.join(folder, name));
}

const recordings = async (razz, camera = 1) => (await razz.json(`/api/recordings?camera=${camera}&from=0&to=90000000000`)).cameras[0];

/** Footage in seconds of media time. */
const seconds = ({ spans }) => spans.reduce((sum, { from, to }) => sum + (Number(to.media_time) - Number(from.media_time)) / 90_000, 0);

/** That `hashes` go round `sent`, a loop, without one missing. */
function isLoop(hashes, sent, what) {
  let at = sent.indexOf(hashes[0]);
  assert.ok(at >= 0, `${what}: the first access unit is one of the camera's`);
  for (const [n, hash] of hashes.entries()) {
    assert.equal(hash, sent[at], `${what}: access unit ${n} of ${hashes.length}`);
    at = (at + 1) % sent.length;
  }
}

scenario("what is recorded is what the camera sent, and others read it", { seconds: 120 }, async (world) => {
  const camera = await world.camera({ one: `clip:${clip("street")}` });
  const footage = path.join(world.folder, "footage");
  const razz = await world.serve({ record: { path: footage, keep_free: "0B" }, camera: [{ id: 1, url: camera.url("one") }] });
  await until("ten seconds of footage", async () => seconds(await recordings(razz)) >= 10, { seconds: 60 });
  const sent = await camera.hashes("one");
  // While it is written, as somebody copies it.
  const copy = path.join(world.folder, "copy.mp4");
  // One that began in this moment has no picture yet.
  const newest = await until("a file with something in it", () => files(footage).findLast((file) => statSync(file).size > 100_000));
  copyFileSync(newest, copy);
  const being = await framesOf(copy);
  isLoop(being.hashes, sent, "the file that is written");
  assert.ok(being.frames >= 1, "others read it while it is written");

  // A span, as one file, by byte ranges as well.
  const { spans: [{ from, to }] } = await recordings(razz);
  const address = razz.at(`/api/recordings/1/video.mp4?from=90k:${from.media_time}&to=90k:${to.media_time}`);
  const whole = Buffer.from(await (await fetch(address)).arrayBuffer());
  const span = path.join(world.folder, "span.mp4");
  writeFileSync(span, whole);
  const told = await framesOf(span);
  isLoop(told.hashes, sent, "a span");
  assert.equal(told.times[0], 0, "it begins at nothing");
  const part = await fetch(address, { headers: { range: "bytes=1000-1999" } });
  assert.equal(part.status, 206);
  assert.equal(part.headers.get("content-range"), `bytes 1000-1999/${whole.length}`);
  assert.ok(Buffer.from(await part.arrayBuffer()).equals(whole.subarray(1000, 2000)));
  assert.equal((await fetch(address, { headers: { range: `bytes=${whole.length}-` } })).status, 416);

  // Each picture's time is its name: the tracks of the span are of its pictures.
  const { frames } = await razz.json(`/api/recordings/1/tracks?from=90k:${from.media_time}&to=90k:${to.media_time}`);
  const times = new Set(told.times.map((ns) => Math.round((ns * 9) / 100_000)));
  const inside = frames.filter(({ media_time }) => Number(media_time) >= Number(from.media_time) && Number(media_time) < Number(to.media_time));
  assert.ok(inside.length >= 20, `${inside.length} track frames`);
  for (const { media_time } of inside) {
    assert.ok(times.has(Number(media_time) - Number(from.media_time)), `the tracks at ${media_time} are those of a picture`);
  }
  const jpeg = await fetch(razz.at(`/api/recordings/1/picture.jpg?at=90k:${from.media_time}&width=320`));
  assert.equal(Buffer.from(await jpeg.arrayBuffer()).readUInt16BE(0), 0xffd8);
  assert.equal(jpeg.headers.get("razz-time"), from.media_time);
  for (const [route, status] of [
    ["/api/recordings/1/video.mp4?from=0&to=1", 404],
    ["/api/recordings/1/fragments?from=now&to=1", 400],
    ["/api/recordings/9/fragments?from=0&to=1", 404],
    ["/api/recordings/1/tracks?from=0&to=90000000000", 400],
  ]) {
    assert.equal((await fetch(razz.at(route))).status, status, route);
  }
  await razz.stop();
  const ended = (await Promise.all(files(footage).map(framesOf))).flatMap(({ hashes }) => hashes);
  isLoop(ended, sent, "all files");
  world.tell(`${ended.length} pictures in ${files(footage).length} files`);
  const { stdout } = await run(RAZZ, ["record", "check", "--path", footage]);
  assert.match(stdout, /files and index agree/);
});

scenario("killed at any moment, what is on the disk is whole and the hole has a reason", { seconds: 60 + 25 * KILLS }, async (world) => {
  const chance = new Seeded(world);
  const camera = await world.camera({ one: `clip:${clip("street")}` });
  const footage = path.join(world.folder, "footage");
  const serve = () => world.serve({ record: { path: footage, keep_free: "0B" }, camera: [{ id: 1, url: camera.url("one"), detect_fps: 0 }] });
  const lost = [];
  for (let n = 0; n < KILLS; n += 1) {
    const razz = await serve();
    await until("footage", async () => (await recordings(razz)).state === "recording", { seconds: 20 });
    await measureFor(chance.between(1, 4));
    await razz.kill();
  }
  const razz = await serve();
  await until("footage", async () => (await recordings(razz)).state === "recording" && seconds(await recordings(razz)) > 3, { seconds: 20 });
  const { gaps, spans } = await recordings(razz);
  await razz.stop();
  // Each file by another's reader, whole to its last picture.
  const sent = await camera.hashes("one");
  for (const file of files(footage)) isLoop((await framesOf(file)).hashes, sent, file);
  assert.ok(spans.length >= 1);
  for (const gap of gaps) {
    assert.ok(["crash", "not_running"].includes(gap.reason), JSON.stringify(gap));
    lost.push(gap.to.unix - gap.from.unix);
  }
  const { stdout } = await run(RAZZ, ["record", "check", "--path", footage]);
  assert.match(stdout, /files and index agree/);
  world.tell(`${KILLS} kills, ${gaps.length} gaps of ${lost.map((s) => s.toFixed(1)).join(", ")} s with the start of razz in each`);
});

/** A disk of its own in memory; undefined where the system does not let us. */
function smallDisk(world, size) {
  const folder = path.join(world.folder, "disk");
  mkdirSync(folder);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", folder], { stdio: "ignore" });
  } catch {
    return undefined;
  }
  world.keep({ close: () => execFileSync("umount", ["-l", folder]) });
  return folder;
}

scenario("a disk that is full or gone stops neither video nor detection, and is said", { seconds: 120 }, async (world) => {
  const disk = smallDisk(world, "48m");
  if (!disk) return world.t.skip("the system lets us mount nothing");
  const hooks = await receiver(world);
  const camera = await world.camera({ one: `clip:${clip("street")}` });
  const footage = path.join(disk, "footage");
  // Somebody else fills the disk.
  writeFileSync(path.join(disk, "theirs"), Buffer.alloc(44 << 20));
  const razz = await world.serve({
    record: { path: footage, keep_free: "0B" },
    webhook: [{ url: hooks.url, events: ["recording_stopped", "recording_resumed", "alert_firing", "alert_resolved"] }],
    camera: [{ id: 1, url: camera.url("one") }],
    rule: [{ name: "Not recorded", when: "recording_stopped", camera: 1, for: "1s", cooldown: "0s", notify: ["webhook"] }],
  });
  const feed = razz.tracks(1);
  world.keep(feed);
  await feed.opened;
  const stopped = await until("the disk to be full", async () => {
    const now = await recordings(razz);
    return now.state === "stopped" && now;
  }, { seconds: 60 });
  assert.equal(stopped.reason, "disk_full");
  assert.match(stopped.error, /is full/);
  const told = (type) => hooks.came.map(({ body }) => JSON.parse(body)).filter((event) => event.type === type);
  const [event] = await until("it to be told", () => told("recording_stopped").length > 0 && told("recording_stopped"));
  assert.match(event.error, /is full/);
  const before = feed.messages.length;
  await measureFor(3);
  const status = await razz.status(1);
  assert.equal(status.state, "online");
  assert.ok(feed.messages.length >= before + 10, `${feed.messages.length - before} track messages in 3 s`);
  // They tidy up.
  writeFileSync(path.join(disk, "theirs"), "");
  await until("recording again", async () => (await recordings(razz)).state === "recording", { seconds: 30 });
  await until("that to be told", () => told("recording_resumed").length > 0);
  await until("the alert to be over", () => told("alert_firing").length === 1 && told("alert_resolved").length === 1);
  const gap = await until("the gap", async () => (await recordings(razz)).gaps.find(({ reason }) => reason === "disk_full"));
  world.tell(`full for ${(gap.to.unix - gap.from.unix).toFixed(1)} s`);

  // The folder is not what it was: as after an unmount.
  renameSync(footage, `${footage}-away`);
  mkdirSync(footage);
  await until("the disk to be gone", async () => (await recordings(razz)).reason === "disk_gone", { seconds: 90 });
  await until("an alert of that", () => told("alert_firing").length === 2);
  assert.deepEqual(readdirSync(footage).filter((name) => name !== "recordings.db"), [], "nothing is written into a folder that is not ours");
  assert.equal((await razz.status(1)).state, "online");
});
