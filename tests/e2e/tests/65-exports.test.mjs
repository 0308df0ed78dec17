// Recorded footage as files: every format over HTTP, whether a file is what was recorded, an export that plays without
// razz with each box on its own frame, and the way there with keys on the page Recordings.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { pathToFileURL } from "node:url";
import { installCounter, recordDrawn } from "../lib/counter.mjs";
import { fixedBySnapshot } from "../lib/frameproof.mjs";
import { framesOf } from "../lib/mp4.mjs";
import { RAZZ } from "../lib/paths.mjs";
import { checkFrames, recorded, TrackTruth, untilRecorded } from "../lib/playback.mjs";
import { scenario } from "../lib/scenario.mjs";
import { scene } from "../lib/truth.mjs";
import { until } from "../lib/wait.mjs";

const run = promisify(execFile);

async function recording(world, cameras = 1) {
  const { clip, detector, frames } = scene("street");
  const camera = await world.camera({ one: `clip:${clip}`, two: `clip:${clip}` });
  const razz = await world.serve({
    detector,
    record: { path: `${world.folder}/footage`, max_bytes: "1GB", keep_free: "0B" },
    camera: ["one", "two"].slice(0, cameras).map((mount, at) => ({ id: at + 1, name: ["Gate", "Yard"][at], url: camera.url(mount), detect_fps: 6 })),
  });
  return { razz, loop: frames.length };
}

const post = (razz, address, body) =>
  fetch(razz.at(address), { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

/** Has an export made, and fetches its file. */
async function exported(world, razz, wanted) {
  const answer = await post(razz, "/api/exports", wanted);
  const begun = await answer.json();
  assert.equal(answer.status, 201, JSON.stringify(begun));
  assert.equal(new URL(answer.headers.get("location"), answer.url).pathname, `/api/exports/${begun.id}`);
  const done = await until(`the export as ${wanted.format}`, async () => {
    const now = await razz.json(`/api/exports/${begun.id}`);
    assert.notEqual(now.state, "failed", now.error);
    return now.state === "done" && now;
  }, { seconds: 90, every: 100 });
  const file = await fetch(razz.at(`/api/exports/${begun.id}/file`));
  assert.equal(file.status, 200);
  assert.match(file.headers.get("content-disposition"), /^attachment; filename="/);
  const bytes = Buffer.from(await file.arrayBuffer());
  assert.equal(bytes.length, done.bytes);
  const place = path.join(world.folder, `${wanted.format}-${begun.id}-${done.file.replaceAll(" ", "_")}`);
  writeFileSync(place, bytes);
  return { place, bytes, done };
}

/** `razz record verify`: its exit code and what it says. */
const verified = (file, ...more) =>
  run(RAZZ, ["record", "verify", ...more, file]).then(({ stdout }) => ({ code: 0, said: stdout }), ({ code, stdout, stderr }) => ({ code, said: stdout + stderr }));

scenario("every format holds what was recorded, and what was changed since is found", { seconds: 240 }, async (world) => {
  const { razz } = await recording(world, 2);
  const spans = await untilRecorded(razz, 14);
  const from = spans[0].unix + 2;
  const span = { from: String(from), to: String(from + 10) };
  await TrackTruth.of(razz, spans[0].from, spans[0].from + 12 * 90_000);

  const untouched = await exported(world, razz, { cameras: [1], format: "mp4", ...span });
  const address = `/api/recordings/1/video.mp4?from=${span.from}&to=${span.to}`;
  const direct = Buffer.from(await (await fetch(razz.at(address))).arrayBuffer());
  assert.ok(direct.equals(untouched.bytes), "an export is the footage at its address");
  const { key } = await razz.json("/api/recordings?camera=1");
  assert.match(key, /^[0-9a-f]{64}$/);
  const fine = await verified(untouched.place, "--key", key);
  assert.equal(fine.code, 0, fine.said);
  assert.match(fine.said, /unaltered, and nothing was taken out of it/);
  const other = await verified(untouched.place, "--key", "0".repeat(64));
  assert.equal(other.code, 1);
  assert.match(other.said, /signed by another key/);
  const changed = Buffer.from(untouched.bytes);
  changed[Math.floor(changed.length / 2)] ^= 0x20;
  writeFileSync(`${untouched.place}.changed.mp4`, changed);
  const found = await verified(`${untouched.place}.changed.mp4`);
  assert.equal(found.code, 1, found.said);
  assert.match(found.said, /is not what was recorded: .* (was altered|damaged)/);

  const rendered = await exported(world, razz, { cameras: [1], format: "rendered", name: "with boxes", ...span });
  const pictures = await framesOf(rendered.place);
  assert.ok(Math.abs(pictures.frames - 300) <= 3, `${pictures.frames} pictures in ten seconds`);
  assert.match(rendered.done.file, /^with boxes .*\.mp4$/);
  const none = await verified(rendered.place);
  assert.equal(none.code, 1);
  assert.match(none.said, /without signatures/);
  const wall = await exported(world, razz, { cameras: [1, 2], format: "rendered", blur: {}, ...span });
  assert.equal(wall.done.blurred, true);
  assert.ok((await framesOf(wall.place)).frames > 200, "two cameras side by side");

  const tracks = await razz.json(`/api/recordings/1/tracks?from=${span.from}&to=${span.to}`);
  const inside = tracks.frames.filter(({ timestamp }) => timestamp >= from && timestamp < from + 10);
  const boxes = inside.reduce((sum, frame) => sum + frame.tracks.length, 0);
  assert.ok(boxes > 20, `${boxes} boxes`);
  const text = async (format) => (await exported(world, razz, { cameras: [1], format, ...span })).bytes.toString();
  const near = (count, what) => assert.ok(Math.abs(count - boxes) <= boxes * 0.05 + 8, `${what}: ${count} boxes of ${boxes}`);
  near((await text("csv")).trim().split("\n").length - 1, "CSV");
  near((await text("mot")).trim().split("\n").length, "MOT");
  near(JSON.parse(await text("coco")).annotations.length, "COCO");
  const vtt = await text("vtt");
  assert.ok(vtt.startsWith("WEBVTT"));
  near(vtt.split("\n").filter((line) => line.startsWith("{")).reduce((sum, line) => sum + JSON.parse(line).tracks.length, 0), "WebVTT");

  // What cannot be is said, and by which key.
  for (const [wanted, status, words] of [
    [{ cameras: [9], format: "csv", ...span }, 404, "no camera"],
    [{ cameras: [1], format: "csv", from: span.to, to: span.from }, 422, "`from`"],
    [{ cameras: [1], format: "mp4", from: "1000", to: "2000" }, 404, "nothing is recorded"],
    [{ cameras: [1], format: "csv", blur: {}, ...span }, 422, "rendered"],
    [{ cameras: [1], format: "avi", ...span }, 400, "avi"],
  ]) {
    const answer = await post(razz, "/api/exports", wanted);
    const said = await answer.text();
    assert.equal(answer.status, status, said);
    assert.ok(said.includes(words), said);
  }

  const { exports } = await razz.json("/api/exports");
  assert.equal(exports.length, 7);
  assert.equal((await fetch(razz.at(`/api/exports/${exports[0].id}`), { method: "DELETE" })).status, 204);
  assert.equal((await razz.json("/api/exports")).exports.length, 6);
  const journal = readFileSync(path.join(world.folder, "footage/exports/journal.jsonl"), "utf8").trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual([...new Set(journal.map(({ what }) => what))].sort(), ["delete", "download", "export"]);

  const lock = await post(razz, "/api/recordings/1/locks", { ...span, note: "theft" });
  assert.equal(lock.status, 201);
  const { id } = await lock.json();
  const [camera] = (await razz.json("/api/recordings?camera=1")).cameras;
  assert.deepEqual(camera.locks.map(({ note }) => note), ["theft"]);
  assert.equal((await fetch(razz.at(`/api/recordings/1/locks/${id}`), { method: "DELETE" })).status, 204);
  assert.deepEqual((await razz.json("/api/recordings?camera=1")).cameras[0].locks, []);
});

scenario("an export plays without razz, each box on its own frame", { browser: true, seconds: 240 }, async (world) => {
  const { razz, loop } = await recording(world);
  const [{ from, unix }] = await untilRecorded(razz, 14);
  const page = await world.page(razz.at("/healthz"));
  await page.evaluate(installCounter);
  const fixed = await fixedBySnapshot(page, loop);
  await page.close();
  const end = from + 12 * 90_000;
  const tracks = await TrackTruth.of(razz, from, end);
  const zip = await exported(world, razz, { cameras: [1], format: "player", from: String(unix), to: String(unix + 12), name: "Offline" });
  await razz.stop();

  const folder = path.join(world.folder, "offline");
  mkdirSync(folder);
  await run("/usr/bin/python3", ["-m", "zipfile", "-e", zip.place, folder]);
  const names = readdirSync(folder).sort();
  assert.deepEqual(names, ["data", "export.js", "index.html"]);
  for (const codecs of [true, false]) {
    const offline = await world.page("about:blank");
    const asked = [];
    offline.on("request", (request) => asked.push(request.url()));
    if (!codecs) await offline.addInitScript(() => { delete window.VideoDecoder; });
    await offline.goto(pathToFileURL(path.join(folder, "index.html")).href);
    await until("the player", () => offline.evaluate(() => Boolean(document.querySelector("razz-player")?.frame)), { seconds: 30 });
    await offline.evaluate(installCounter);
    await offline.evaluate(() => { document.querySelector("razz-player").style.cssText = "position: fixed; inset: 0; width: 100vw; height: 100vh; z-index: 1000"; });
    await offline.evaluate(recordDrawn);
    let boxes = 0;
    for (const target of [from + 30_000, from + 400_000, from + 700_000]) {
      await offline.evaluate((to) => {
        window.drawn.length = 0;
        const player = document.querySelector("razz-player");
        player.seek(to);
        player.play();
      }, `90k:${target}`);
      const drawn = await until("drawn frames", () => offline.evaluate(() => window.drawn.length >= 20 && window.drawn.splice(0)), { seconds: 30 });
      const sure = drawn.filter((frame) => frame.mediaTime < end - 90_000 && frame.mediaTime >= target);
      boxes += checkFrames(sure, { fixed, loop, tracks }, codecs ? "WebCodecs" : "Media Source");
    }
    assert.ok(boxes > 20, `${boxes} boxes`);
    assert.deepEqual(asked.filter((url) => !url.startsWith("file://") && !url.startsWith("blob:") && !url.startsWith("data:")), [], "nobody else is asked");
    await offline.close();
  }
});

scenario("keys and buttons of the page Recordings lead to a file", { browser: true, seconds: 180 }, async (world) => {
  const { razz } = await recording(world);
  const [{ unix }] = await untilRecorded(razz, 12);
  const page = await world.page(razz.at(`/playback.html?cameras=1&at=${unix + 2}`));
  await page.keyboard.press(" ");
  await until("a picture", () => page.evaluate(() => Boolean(document.querySelector("razz-player")?.frame)), { seconds: 40 });
  await page.keyboard.press("i");
  const time = () => page.evaluate(() => document.querySelector("razz-player").time);
  const begun = await time();
  for (let second = 0; second < 4; second += 1) await page.keyboard.press("Shift+ArrowRight");
  await until("the later moment", async () => (await time()) > begun + 3.5);
  await page.keyboard.press("o");
  await page.keyboard.press("e");
  const dialog = page.getByRole("dialog");
  await dialog.waitFor();
  await dialog.getByRole("radio", { name: /Video with boxes/ }).check();
  await dialog.getByLabel("Name").fill("From the page");
  await dialog.getByRole("button", { name: "Export", exact: true }).click();
  await until("the export in the list", async () => (await razz.json("/api/exports")).exports.some(({ name, state }) => name === "From the page" && state === "done"), { seconds: 60 });
  const link = dialog.getByRole("link", { name: /Download/ });
  await link.waitFor();
  const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
  const place = path.join(world.folder, "page.mp4");
  await download.saveAs(place);
  const { frames } = await framesOf(place);
  assert.ok(frames > 60, `${frames} pictures`);
  assert.ok((await recorded(razz)).seconds > 12);
});
