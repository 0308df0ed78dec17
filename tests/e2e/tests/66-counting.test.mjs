// Counting: what is told as it happens is what is kept, what is true of the scene and what the record says, also of the
// time before a line was drawn and after any end; and the pages on which lines are drawn and counts are read.
//
// RAZZ_KILLS: how often the process is killed (default 4).

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { violations } from "../lib/axe.mjs";
import { FRAME_TICKS, installCounter } from "../lib/counter.mjs";
import { areasOf, FactFeed, factRows, factSums, frameAt, framesApart, keyOf, LINE, mediaTime, send, trueCrossings, widestGap, ZONE } from "../lib/facts.mjs";
import { fixedBySnapshot } from "../lib/frameproof.mjs";
import { RAZZ } from "../lib/paths.mjs";
import { untilRecorded } from "../lib/playback.mjs";
import { scenario } from "../lib/scenario.mjs";
import { Seeded } from "../lib/seeded.mjs";
import { scene } from "../lib/truth.mjs";
import { measureFor, until } from "../lib/wait.mjs";

const run = promisify(execFile);
const KILLS = Number(process.env.RAZZ_KILLS ?? 4);
/** A crossing and the truth about it are so many frames apart at most: detections are five frames apart. */
const NEAR = 9;
const AREAS = [
  { camera: 1, name: "Middle", line: LINE },
  { camera: 1, name: "Around", zone: ZONE },
];

/** A camera with the clip of a scene, recorded and counted at. */
async function counting(world, name, areas = AREAS) {
  const { clip, detector, frames } = scene(name);
  const camera = await world.camera({ one: `clip:${clip}` });
  const serve = () => world.serve({
    detector,
    record: { path: path.join(world.folder, "footage"), keep_free: "0B" },
    camera: [{ id: 1, name: "Street", url: camera.url("one"), detect_fps: 6 }],
    ...(areas.length > 0 ? { area: areas } : {}),
  });
  return { camera, frames, serve, razz: await serve() };
}

/** That what is kept is what the record says, by counting everything once more. */
async function agrees(world) {
  const { stdout } = await run(RAZZ, ["facts", "check", "--config", path.join(world.folder, "razz.toml")]).catch((error) => error);
  world.tell(stdout.trim());
  assert.match(stdout, /facts and record agree/);
}

/** Waits until all of these are kept just so, and answers all rows. */
function untilKept(razz, told) {
  let missing;
  return until(() => `facts to be kept: ${JSON.stringify(missing?.slice(0, 3))}`, async () => {
    const rows = await factRows(razz);
    const kept = new Set(rows.map(keyOf));
    missing = told().filter((fact) => !kept.has(keyOf(fact)));
    return missing.length === 0 && rows;
  }, { seconds: 30, every: 500 });
}

scenario("what is told is kept, has its picture, is true, and adds up", { browser: true, seconds: 240 }, async (world) => {
  const { razz, frames } = await counting(world, "street");
  const feed = await FactFeed.of(world, razz);
  const page = await world.page(razz.at("/healthz"));
  await page.evaluate(installCounter);
  const fixed = await fixedBySnapshot(page, frames.length);
  await page.close();
  const [span] = await untilRecorded(razz, 1);
  // A round that begins while nobody is near.
  const truth = trueCrossings(frames);
  const quiet = widestGap(truth.map(({ frame }) => frame), frames.length);
  const ready = span.from + 8 * 90_000;
  const begun = ready + ((quiet - frameAt(ready, fixed, frames.length) + frames.length) % frames.length) * FRAME_TICKS;
  const end = begun + frames.length * FRAME_TICKS;
  await until("crossings over one round of the clip", () => mediaTime(feed.of("fact").at(-1)?.fact ?? { at: { media_time: 0 } }) > end + 20 * 90_000, { seconds: 120, every: 250 });

  // As it was told it is kept.
  const settled = () => feed.facts().filter((fact) => mediaTime(fact) < end);
  const rows = await untilKept(razz, settled);
  const kept = new Map(rows.map((row) => [keyOf(row), row]));
  for (const fact of settled()) {
    const row = kept.get(keyOf(fact));
    assert.deepEqual(row, fact, "what is kept is what was told");
  }
  const inTime = rows.filter((row) => mediaTime(row) < end);
  assert.deepEqual(inTime.map(keyOf).sort(), settled().map(keyOf).sort(), "nothing else is kept");
  const [crossings, visits] = ["crossing", "visit"].map((kind) => inTime.filter((row) => row.kind === kind));
  assert.ok(crossings.length >= 15 && visits.length >= 10, `${crossings.length} crossings, ${visits.length} visits`);

  // What is kept is so.
  const loop = frames.length;
  const round = crossings.filter((row) => mediaTime(row) >= begun);
  const off = (one, row) => framesApart(one.frame, frameAt(mediaTime(row), fixed, loop), loop);
  const pairs = round.flatMap((row) => truth.filter((one) => one.direction === row.direction && off(one, row) <= NEAR).map((one) => ({ row, one })));
  const found = new Set();
  for (const { row, one } of pairs.sort((a, b) => off(a.one, a.row) - off(b.one, b.row))) {
    if (!found.has(one) && !found.has(row)) found.add(one).add(row);
  }
  const wrong = round.filter((row) => !found.has(row));
  const missed = truth.filter((one) => one.seen && !found.has(one));
  const seen = truth.filter(({ seen }) => seen).length;
  world.tell(`one round of the street: ${truth.length} crossings are true (${seen} of them in plain sight), ${round.length} counted, ${wrong.length} of these not true, ${missed.length} in plain sight not counted`);
  assert.ok(wrong.length <= 0.15 * round.length, JSON.stringify(wrong));
  assert.ok(missed.length <= 0.1 * seen, JSON.stringify(missed));

  // Each has its picture.
  for (const row of crossings) {
    const picture = await fetch(razz.at(`/api/recordings/1/picture.jpg?at=90k:${row.at.media_time}&width=320`));
    assert.equal(picture.status, 200, JSON.stringify(row));
    const earlier = mediaTime(row) - Number(picture.headers.get("razz-time"));
    // The key picture before it: the clip has one every two seconds.
    assert.ok(earlier >= 0 && earlier <= 2 * 90_000, `the picture of ${row.at.media_time} is ${earlier} ticks earlier`);
    assert.equal(Buffer.from(await picture.arrayBuffer()).readUInt16BE(0), 0xffd8);
  }

  // Sums, rows and the table are the same.
  const to = inTime[0].at.unix + 0.001;
  for (const area of ["Middle", "Around"]) {
    const sums = await factSums(razz, area, to);
    const its = (await factRows(razz, `&area=${area}&to=${to}`));
    const counts = { in: its.filter(({ direction }) => direction === "in").length, out: its.filter(({ direction }) => direction === "out").length, visits: its.filter(({ kind }) => kind === "visit").length };
    assert.deepEqual({ in: sums.in, out: sums.out, visits: sums.visits }, counts, area);
    for (const what of ["in", "out", "visits"]) {
      assert.equal(sums.series[what].reduce((sum, one) => sum + one, 0), counts[what], `${area}, ${what} by steps`);
      assert.equal(sums.classes.reduce((sum, one) => sum + one[what], 0), counts[what], `${area}, ${what} by class`);
    }
    const table = await fetch(razz.at(`/api/facts.csv?from=0&to=${to}&area=${area}`));
    assert.match(table.headers.get("content-type"), /^text\/csv/);
    assert.equal((await table.text()).trim().split("\n").length, 1 + its.length, `${area} as a table`);
  }
  const { body: bad } = await send(razz, "GET", "/api/facts?from=5&to=1");
  assert.match(bad.detail, /before/);
  await razz.stop();
  await agrees(world);
});

scenario("areas are changed while razz runs, and their past is counted", { seconds: 180 }, async (world) => {
  const { razz } = await counting(world, "crossing");
  const feed = await FactFeed.of(world, razz);
  await feed.untilFacts(25, { kind: "crossing", seconds: 120 });
  const was = await untilKept(razz, () => feed.facts().slice(0, 25));
  const to = was[0].at.unix;
  const before = await factSums(razz, "Middle", to);
  const text = () => readFileSync(path.join(world.folder, "razz.toml"), "utf8");

  // What a line would have counted is known before it is saved.
  const left = { name: "Left", line: LINE.map(([x, y]) => [x - 0.15, y]), in: "left", classes: ["person"] };
  const { status, body: preview } = await send(razz, "POST", "/api/areas/preview", { camera_id: 1, area: left, from: "0", to: String(to) });
  assert.equal(status, 200, JSON.stringify(preview));
  assert.ok(preview.complete && preview.in > 0 && preview.out > 0 && preview.visits === 0, JSON.stringify(preview));
  assert.equal(preview.classes.length, 1);
  assert.equal(preview.examples.length, Math.min(50, preview.in + preview.out));

  // Renamed, redrawn, new.
  const around = ZONE.map(([x, y]) => [x, Math.max(y, 0.6)]);
  const answer = await send(razz, "PUT", "/api/areas/1", { areas: [{ name: "Door", was: "Middle", line: LINE }, { name: "Around", zone: around }, left] });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  for (const words of [/name = "Door"/, /name = "Left"/, /"person"/]) assert.match(text(), words);
  assert.doesNotMatch(text(), /"Middle"/);
  const areas = await until("the areas as they were sent", async () => {
    const all = await areasOf(razz);
    return all.length === 3 && all.every(({ version }) => version > 0) && all;
  });
  assert.deepEqual(areas.map(({ name, version }) => [name, version]), [["Door", 1], ["Around", 2], ["Left", 1]]);
  assert.deepEqual(areas[1].zone, around);
  const door = await until("the renamed one's counts", () => factSums(razz, "Door", to));
  assert.deepEqual([door.in, door.out], [before.in, before.out]);
  assert.equal((await factSums(razz, "Middle", to)), undefined);
  const past = await until("the new one's past", async () => {
    const now = await factSums(razz, "Left", to);
    return now && now.in + now.out > 0 && now;
  }, { seconds: 60, every: 250 });
  assert.deepEqual([past.in, past.out], [preview.in, preview.out], "as it was said before");
  await until("what comes to be counted by the new ones", () => ["Door", "Around", "Left"].every((area) => feed.facts().some((fact) => fact.area === area)), { seconds: 60 });

  // Deleted, they count no more, and what they counted stays.
  assert.deepEqual((await send(razz, "PUT", "/api/areas/1", { areas: [] })).body.areas, []);
  await until("no area", () => feed.of("now").at(-1).areas.length === 0);
  const gone = await factSums(razz, "Left", to);
  assert.deepEqual([gone.in, gone.out], [past.in, past.out], "what was counted stays");
  await razz.stop();
  await agrees(world);
});

scenario("in a mask nothing is detected, and beside it everything is", { seconds: 120 }, async (world) => {
  const { razz } = await counting(world, "crossing");
  const feed = razz.tracks(1);
  world.keep(feed);
  await feed.opened;
  const MASK = [[0, 0], [0.5, 0], [0.5, 1], [0, 1]];
  /** Where feet are, in shares of the width, of what the detector saw in these messages. */
  const feet = (messages) => messages.flatMap(({ json }) => json.tracks.filter(({ state }) => state === "matched").map(({ bbox: [left, , right] }) => (left + right) / 2 / json.frame_size[0]));
  const sides = (messages) => [feet(messages).filter((x) => x < 0.49).length, feet(messages).filter((x) => x > 0.51).length];
  await until("people on both sides", () => sides(feed.messages).every((count) => count > 20), { seconds: 60 });

  const areas = [{ name: "Left half", mask: MASK }, { name: "Middle", line: LINE }];
  const changed = await send(razz, "PUT", "/api/areas/1", { areas });
  assert.equal(changed.status, 200, JSON.stringify(changed.body));
  assert.deepEqual(changed.body.areas.find(({ name }) => name === "Left half").mask, MASK);
  assert.match(readFileSync(path.join(world.folder, "razz.toml"), "utf8"), /name = "Left half"\nmask = \[\[0\.0, 0\.0\]/);
  const rule = { name: "Seen", when: "enters", camera_id: 1, area: "Left half" };
  assert.equal((await send(razz, "PUT", "/api/rules", { rules: [rule] })).status, 422, "nothing happens in a mask");
  // Tracks begin anew at the next key frame.
  const before = feed.messages.length;
  await until("people beside it, and nobody in it", () => {
    const [left, right] = sides(feed.messages.slice(before).slice(-60));
    return feed.messages.length >= before + 60 && left === 0 && right > 5;
  }, { seconds: 30 });
  const settled = feed.messages.length;
  await until("so many messages more", () => feed.messages.length >= settled + 120, { seconds: 60 });
  const [left, right] = sides(feed.messages.slice(settled));
  assert.equal(left, 0, "in the mask");
  world.tell(`${right} sightings beside the mask, ${left} in it`);

  // Taken away, everything is back.
  assert.equal((await send(razz, "PUT", "/api/areas/1", { areas: areas.slice(1) })).status, 200);
  const open = feed.messages.length;
  await until("people on the left again", () => sides(feed.messages.slice(open))[0] > 5, { seconds: 60 });
});

scenario("a camera that was moved is said so, and its areas are moved along", { browser: true, seconds: 180 }, async (world) => {
  const { camera, razz } = await counting(world, "street", [{ camera: 1, name: "Middle", line: LINE }, { camera: 1, name: "Hedge", mask: [[0.1, 0.1], [0.3, 0.1], [0.3, 0.2]] }]);
  const moved = async () => (await razz.json("/api/areas?camera=1")).moved;
  await razz.untilState(1, "online");
  // What it sees is kept at the first look.
  await measureFor(20);
  assert.deepEqual(await moved(), []);
  await camera.kill();
  await world.camera({ one: `clipmoved:${scene("street").clip}` }, { ...camera.options, port: camera.port });
  const [by] = await until("it to be noticed", async () => {
    const all = await moved();
    return all.length > 0 && all;
  }, { seconds: 90, every: 500 });
  world.tell(`moved by ${(100 * by.by).toFixed(2)} % of the width: ${by.motion.map((value) => value.toFixed(4))}`);
  assert.ok(Math.abs(by.motion[2] + 40 / 1280) < 0.004 && Math.abs(by.motion[5] + 12 / 720) < 0.006, JSON.stringify(by));
  assert.match(await (await fetch(razz.at("/metrics"))).text(), /razz_areas_moved_ratio\{camera="1"\} 0\.0[34]/);

  const page = await world.page(razz.at("/areas.html?camera=1"));
  await page.getByText("This camera was moved").waitFor();
  assert.deepEqual(await violations(page), [], "areas.html");
  await page.getByRole("button", { name: "Move the areas along" }).click();
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("Saved", { exact: true }).first().waitFor();
  const [line, mask] = (await razz.json("/api/areas?camera=1")).areas;
  assert.ok(Math.abs(line.line[1][0] - LINE[1][0] + 40 / 1280) < 0.005 && Math.abs(line.line[1][1] - LINE[1][1] + 12 / 720) < 0.007, JSON.stringify(line));
  assert.ok(Math.abs(mask.mask[0][0] - 0.1 + 40 / 1280) < 0.005, JSON.stringify(mask));
  await until("it to be as it should", async () => (await moved()).length === 0, { seconds: 40, every: 500 });
});

scenario("what cannot be drawn is refused with its reason, and nothing changes", { seconds: 60 }, async (world) => {
  const razz = await world.serve({ camera: [{ id: 1, url: "rtsp://127.0.0.1:9/none" }], area: AREAS });
  const text = () => readFileSync(path.join(world.folder, "razz.toml"), "utf8");
  const written = text();
  const areas = await areasOf(razz);
  const line = { name: "Left", line: LINE };
  for (const [sent, words] of [
    [[{ name: "Corner", zone: [[0.1, 0.1], [0.2, 0.2]] }], /Corner|areas\[0\]/],
    [[{ name: "Bow", zone: [[0.1, 0.1], [0.9, 0.9], [0.9, 0.1], [0.1, 0.9]] }], /Bow|areas\[0\]/],
    [[line, { name: "Out", line: [[0.1, 0.1], [1.5, 0.9]] }], /Out|areas\[1\]/],
    [[{ name: "", line: LINE }], /name|areas\[0\]/],
    [[{ name: "Both", line: LINE, zone: ZONE }], /Both|areas\[0\]/],
    [[line, line], /Left/],
    [Array.from({ length: 33 }, (_, at) => ({ name: `Line ${at}`, line: LINE })), /32/],
  ]) {
    const refused = await send(razz, "PUT", "/api/areas/1", { areas: sent });
    assert.ok([400, 422].includes(refused.status), `${sent.map(({ name }) => name)}: ${refused.status}`);
    assert.match(JSON.stringify([refused.body.detail, refused.body.errors]), words);
    assert.equal(text(), written);
  }
  assert.deepEqual((await areasOf(razz)).map(({ name }) => name), areas.map(({ name }) => name));
  assert.equal((await send(razz, "PUT", "/api/areas/9", { areas: [] })).status, 404);
});

/** So many seconds are between detections: an end is dated between the sightings around it, and a joined track has others. */
const STEP_S = 1 / 6;
/** Whether a visit turned out to be part of another one, by the same person with another id before. */
const goesOn = (other, { kind, area, at, to }) =>
  kind === "visit" && other.kind === "visit" && other.area === area && other.at.unix < at.unix && (other.to === null || other.to.unix >= (to ?? at).unix - STEP_S);

scenario("killed at any moment, nothing that was told is missing and nothing is there twice", { seconds: 120 + 45 * KILLS }, async (world) => {
  const chance = new Seeded(world);
  const { camera: _, serve, razz: first } = await counting(world, "crossing");
  let razz = first;
  const told = new Map();
  let due = 0;
  const lasts = [];
  for (let n = 0; n < KILLS; n += 1) {
    const feed = await FactFeed.of(world, razz);
    const tracks = world.keep(razz.tracks(1));
    await tracks.opened;
    await feed.untilFacts(1, { seconds: 60 });
    await measureFor(chance.between(3, 9));
    await razz.kill();
    // A fact rests on frames up to the one that was told of next.
    const heard = tracks.messages.filter(({ json }) => json.media_time !== null);
    for (const { at, json } of feed.messages.filter(({ json }) => json.type === "fact")) {
      const next = heard.find((message) => message.at > at);
      const told_by = next ? Number(next.json.media_time) : Infinity;
      told.set(keyOf(json.fact), { fact: json.fact, retracted: json.retracted, by: told_by, run: n });
    }
    lasts.push(Number(heard.at(-1).json.media_time));
    razz = await serve();
  }
  const feed = await FactFeed.of(world, razz);
  await feed.untilFacts(5, { seconds: 60 });

  // What of each run is in the record.
  const ends = await Promise.all(lasts.map(async (last) => {
    const { frames } = await razz.json(`/api/recordings/1/tracks?from=90k:${last - 30 * 90_000}&to=90k:${last + 1}`);
    return Math.max(...frames.map(({ media_time }) => Number(media_time)).filter((time) => time <= last));
  }));
  const rows = await untilKept(razz, () => []);
  const kept = new Map(rows.map((row) => [keyOf(row), row]));
  assert.equal(kept.size, rows.length, "none is there twice");
  const lost = [];
  for (const { fact, retracted, by, run } of told.values()) {
    if (by > ends[run] || retracted) continue;
    due += 1;
    const row = kept.get(keyOf(fact));
    if (row ? row.direction === fact.direction && row.revision >= fact.revision : rows.some((other) => goesOn(other, fact))) continue;
    lost.push({ fact, row, near: rows.filter((other) => other.area === fact.area && Math.abs(other.at.unix - fact.at.unix) < 10) });
  }
  world.tell(`${KILLS} kills: ${told.size} facts were told, ${due} of them of frames in the record, ${lost.length} of these are missing; the record ends ${ends.map((end, n) => ((lasts[n] - end) / 90_000).toFixed(1)).join(", ")} s before the last frame that was told`);
  assert.equal(lost.length, 0, JSON.stringify(lost.slice(0, 3)));
  assert.ok(due >= 2 * KILLS, `${due} facts`);
  // Nobody goes in twice without going out.
  const sides = new Map();
  for (const row of rows.toReversed().filter(({ kind }) => kind === "crossing")) {
    assert.notEqual(sides.get(row.track_id), row.direction, JSON.stringify(row));
    sides.set(row.track_id, row.direction);
  }
  await razz.stop();
  await agrees(world);
});

scenario("a line is drawn on the page, and its counts rise on another", { browser: true, seconds: 180 }, async (world) => {
  const { razz } = await counting(world, "crossing", []);
  await untilRecorded(razz, 12);
  const page = await world.page(razz.at("/areas.html?camera=1"));
  await page.getByRole("button", { name: "Draw a line" }).click();
  const drawing = page.getByRole("group", { name: /^Drawing:/ });
  await until("the picture in its size", async () => (await drawing.boundingBox())?.height > 200);
  const { x, y, width, height } = await drawing.boundingBox();
  await page.mouse.click(x + width * 0.5, y + height * 0.98);
  await page.mouse.click(x + width * 0.5, y + height * 0.3);
  await page.keyboard.press("Enter");
  await page.getByLabel("Name", { exact: true }).fill("Crosswalk");
  // Before it is saved it says what it would have counted.
  await until("what it would have counted", () => page.evaluate(() => /\d+ in\b/.test(document.querySelector(".counts .sum")?.textContent ?? "")), { seconds: 30 });
  assert.deepEqual(await violations(page), [], "areas.html");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByText("Saved", { exact: true }).first().waitFor();
  const area = await until("the area", async () => (await areasOf(razz)).find(({ version }) => version > 0));
  assert.equal(area.name, "Crosswalk");
  for (const [at, [wx, wy]] of [[0.5, 0.98], [0.5, 0.3]].entries()) {
    assert.ok(Math.abs(area.line[at][0] - wx) < 0.01 && Math.abs(area.line[at][1] - wy) < 0.01, JSON.stringify(area.line));
  }

  await page.goto(razz.at("/analytics.html"), { waitUntil: "domcontentloaded" });
  const shown = () => page.evaluate(() => Number(document.querySelector("main")?.innerText.match(/(\d+) (?:came )?in\b/)?.[1] ?? NaN));
  const first = await until("a count", async () => {
    const count = await shown();
    return count > 0 && count;
  }, { seconds: 60 });
  await page.evaluate(() => { window.stayed = true; });
  await until("the count to rise", async () => (await shown()) > first, { seconds: 60 });
  assert.equal(await page.evaluate(() => window.stayed), true, "without being loaded anew");
  assert.deepEqual(await violations(page), [], "analytics.html");
  const sums = await factSums(razz, "Crosswalk", Date.now() / 1000);
  const says = await shown();
  assert.ok(Math.abs(says - sums.in) <= 2, `the page says ${says}, razz ${sums.in}`);
});
