// What anybody on the network can do to the one port and to WHEP: offers that nobody follows up, and a flood of
// forged datagrams.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { clip, ROOT } from "../lib/paths.mjs";
import { run } from "../lib/razz.mjs";
import { scenario } from "../lib/scenario.mjs";
import { until } from "../lib/wait.mjs";

const OFFER = readFileSync(path.join(ROOT, "fuzz/corpus/offer/chromium-recvonly"), "latin1");
const HALF_OPEN = 2000;
/** A session that was offered and never connected is given up after 30 s. */
const GIVEN_UP_S = 30;

/** Resident memory of a process in bytes. */
function memory(pid) {
  return 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))[1]);
}

function post(razz) {
  return fetch(razz.at("/whep/1"), { method: "POST", headers: { "Content-Type": "application/sdp" }, body: OFFER });
}

/** Watches with razz's own load client; answers its report. */
async function watched(razz, seconds, ...options) {
  const { code, log } = await run(
    ["bench", "viewers", "--whep", razz.at("/whep/1"), "--seconds", String(seconds), "--json", ...options],
    { seconds: seconds + 60 },
  );
  assert.equal(code, 0, log);
  return JSON.parse(log.trim().split("\n").at(-1));
}

scenario("2,000 offers that nobody follows up", {}, async (world) => {
  const camera = await world.camera({ one: `clip:${clip("street")}` });
  const razz = await world.serve({
    viewers: { max: HALF_OPEN + 100, max_per_camera: HALF_OPEN },
    camera: [{ id: 1, url: camera.url("one"), detect_fps: 0 }],
  });
  await razz.untilState(1, "online");
  const before = memory(razz.process.pid);
  const start = performance.now();
  for (let opened = 0; opened < HALF_OPEN; opened += 20) {
    const answers = await Promise.all(Array.from({ length: 20 }, () => post(razz)));
    for (const answer of answers) assert.equal(answer.status, 201, await answer.text());
  }
  const openedS = (performance.now() - start) / 1000;
  assert.ok(openedS < GIVEN_UP_S - 5, `all were offered before the first was given up: ${openedS.toFixed(1)} s`);
  const at = memory(razz.process.pid);
  const each = (at - before) / HALF_OPEN;
  assert.equal((await razz.status(1)).viewers, HALF_OPEN);

  const refused = await post(razz);
  assert.equal(refused.status, 503);
  assert.match((await refused.json()).detail, /viewers\.max_per_camera/);

  await until("all of them to be given up", async () => (await razz.json("/api/stats")).viewers === 0, {
    seconds: GIVEN_UP_S + 15,
    every: 500,
  });
  const goneS = (performance.now() - start) / 1000;
  const after = memory(razz.process.pid);
  const again = await watched(razz, 2);
  world.tell(
    `${HALF_OPEN} offered within ${openedS.toFixed(1)} s, gone after ${goneS.toFixed(1)} s; memory ` +
      `${(before / 1e6).toFixed(1)} MB before, ${(at / 1e6).toFixed(1)} at ${HALF_OPEN} (${(each / 1e3).toFixed(0)} kB each), ${(after / 1e6).toFixed(1)} after`,
  );
  assert.ok(each < 100_000, `a half-open session costs ${each.toFixed(0)} bytes`);
  assert.ok(goneS > GIVEN_UP_S, "nobody was given up before the time");
  assert.equal(again.joined, 1);

  // A second round finds room in what the first one left: nothing is kept of those who never came.
  for (let opened = 0; opened < HALF_OPEN; opened += 20) {
    for (const answer of await Promise.all(Array.from({ length: 20 }, () => post(razz)))) assert.equal(answer.status, 201);
  }
  const second = memory(razz.process.pid);
  world.tell(`${(second / 1e6).toFixed(1)} MB with as many again`);
  assert.ok(second < at + 0.25 * (at - before), `${second} bytes at the second time, ${at} at the first`);
});

scenario("a flood of forged datagrams leaves viewers undisturbed", {}, async (world) => {
  const camera = await world.camera({ one: `clip:${clip("street")}` });
  const razz = await world.serve({ camera: [{ id: 1, url: camera.url("one"), detect_fps: 0 }] });
  await razz.untilState(1, "online");
  // One watches all the time, while others join in the flood.
  const [steady, joined] = await Promise.all([
    watched(razz, 10, "-n", "4", "--flood", "20000"),
    until("the flood", async () => (await razz.json("/api/stats")).delivery.strays > 20_000, { seconds: 30 })
      .then(() => watched(razz, 3, "-n", "3", "--join-rate", "3")),
  ]);
  const { strays } = (await razz.json("/api/stats")).delivery;
  world.tell(
    `${steady.forged_datagrams} forged, ${strays} seen to be strays; ${steady.frames} frames of 4 viewers, ` +
      `${steady.broken_frames} with a gap; who joined meanwhile had a picture after ${joined.join_ms.max} ms at most`,
  );
  assert.ok(steady.forged_datagrams > 100_000, "the flood was one");
  assert.ok(strays > 0.5 * steady.forged_datagrams, `${strays} arrived, and were thrown away`);
  assert.deepEqual([steady.joined, steady.broken_frames, steady.lost_packets], [4, 0, 0]);
  assert.ok(steady.frames >= 4 * 10 * 28, `${steady.frames} frames`);
  assert.deepEqual([joined.joined, joined.broken_frames], [3, 0]);
  assert.ok(joined.join_ms.p50 < 1_000, `${joined.join_ms.p50} ms`);
});
