// Traces reach a collector with the names and times that the guide gives, and one that is gone disturbs nothing.

import assert from "node:assert/strict";
import { freePort } from "../lib/broker.mjs";
import { collector } from "../lib/collector.mjs";
import { clip } from "../lib/paths.mjs";
import { scenario } from "../lib/scenario.mjs";
import { until } from "../lib/wait.mjs";

/** razz with one camera in which people walk, and these settings of its traces. */
async function serve(world, telemetry) {
  const camera = await world.camera({ one: `clip:${clip("street")}` });
  const razz = await world.serve({ telemetry, detector: { model: "demo", idle: false }, camera: [{ id: 7, url: camera.url("one"), detect_fps: 5 }] });
  await razz.untilState(7, "online");
  return razz;
}

/** What the longest pause between two messages for a frame each is, in ms, over `count` of them. */
async function longestGap(razz, world, count) {
  const tracks = world.keep(razz.tracks(7, "?every_frame=1"));
  const messages = await tracks.take(count, { chosen: ({ json }) => json.rtp_timestamp !== null, seconds: 60 });
  return Math.max(...messages.slice(1).map(({ at }, n) => at - messages[n].at));
}

scenario("frames, requests and viewers arrive at the collector", { browser: true }, async (world) => {
  const there = await collector(world);
  const razz = await serve(world, { otlp: `http://me:hunter2@127.0.0.1:${there.port}`, frames: 1, requests: 1, service: "gate house" });
  const tracks = world.keep(razz.tracks(7));
  const page = await world.page(razz.at("/camera-viewer.html?camera=7"));
  await until("a viewer", async () => (await razz.status(7)).viewers === 1, { seconds: 40 });
  const frames = () => there.spans.filter((span) => span.name === "frame");
  await until("frames", () => frames().length >= 10, { seconds: 40 });
  await fetch(razz.at("/api/cameras/7/snapshot.jpg?secret=hunter2"));
  assert.equal((await fetch(razz.at("/api/cameras/99"))).status, 404);
  await page.goto("about:blank");
  await until("the viewer to be gone", async () => (await razz.status(7)).viewers === 0, { seconds: 40 });
  assert.equal((await razz.stop()).code, 0);

  assert.deepEqual(there.wrong, []);
  for (const { method, path, headers } of there.requests) {
    assert.deepEqual([method, path, headers["content-type"]], ["POST", "/v1/traces", "application/x-protobuf"]);
    assert.equal(headers.authorization, `Basic ${Buffer.from("me:hunter2").toString("base64")}`);
  }
  for (const { resource } of there.spans) assert.equal(resource["service.name"], "gate house");
  const told = new Set(tracks.messages.map(({ json }) => json.rtp_timestamp));
  // What came in time went to this listener as well, unless it lagged; on a busy machine much comes late.
  const timely = frames().filter((frame) => frame.attributes["razz.late"] === false);
  const known = timely.filter((frame) => told.has(frame.attributes["razz.rtp_timestamp"]));
  assert.ok(known.length >= timely.length / 2, `${known.length} of ${timely.length} frames were told of on the WebSocket as well`);
  for (const frame of frames()) {
    const inside = there.spans.filter((span) => span.trace === frame.trace && span.parent === frame.id);
    const published = frame.attributes["razz.late"] ? [] : ["publish"];
    assert.deepEqual(inside.map(({ name }) => name).sort(), ["decode", "detect", "ingest", ...published, "track"]);
    const detect = inside.find(({ name }) => name === "detect");
    inside.push(there.spans.find((span) => span.parent === detect.id && span.name === "infer"));
    for (const span of inside) {
      assert.deepEqual(
        ["razz.camera.id", "razz.run", "razz.rtp_timestamp"].map((key) => span.attributes[key]),
        [7, 1, frame.attributes["razz.rtp_timestamp"]],
      );
      // Times on the wall clock, each rounded by itself.
      const slack = 1_000_000n;
      assert.ok(frame.begun - slack <= span.begun && span.begun <= span.ended && span.ended <= frame.ended + slack, span.name);
    }
    const ms = Number(frame.ended - frame.begun) / 1e6;
    assert.ok(ms > 1 && ms < 20_000, `a frame took ${ms} ms`);
    assert.ok(Math.abs(Date.now() - Number(frame.begun / 1_000_000n)) < 300_000);
  }
  const spans = (name) => there.spans.filter((span) => span.name === name).map(({ attributes }) => attributes);
  assert.ok(spans("POST /whep/{camera}").some((span) => span["http.response.status_code"] === 201 && span["razz.camera.id"] === 7));
  assert.ok(spans("GET /api/cameras/{camera}/snapshot.jpg").length >= 1);
  assert.ok(spans("GET /api/cameras/{camera}").some((span) => span["http.response.status_code"] === 404));
  assert.equal(spans("viewer session")[0]["razz.camera.id"], 7);
  const everything = JSON.stringify(there.spans, (_, value) => (typeof value === "bigint" ? String(value) : value));
  assert.ok(!everything.includes("hunter2"), "queries stay here");
  assert.ok(!razz.log.join("\n").includes("hunter2"));
});

scenario("a collector that is gone, refuses or hangs disturbs nothing, and is said once", {}, async (world) => {
  const port = await freePort();
  const razz = await serve(world, { otlp: `http://me:hunter2@127.0.0.1:${port}`, frames: 1, requests: 1 });
  const said = () => razz.log.filter((line) => line.includes("traces do not reach"));
  await until("the word", () => said().length === 1);
  const gone = await longestGap(razz, world, 150);
  assert.ok(gone < 1000, `a gap of ${gone} ms in the tracks`);
  assert.equal(said().length, 1, "said once, not with every try");

  // It is there, and takes what comes from now on; then it fails, then it hangs.
  let answer = 200;
  const there = await collector(world, port, () => answer);
  await until("spans", () => there.spans.some((span) => span.name === "frame"), { seconds: 30 });
  await until("the word that it works again", () => razz.log.some((line) => line.includes("again")));
  answer = 503;
  await until("the second word", () => said().length === 2, { seconds: 30 });
  assert.match(said()[1], /status 503/);
  answer = undefined;
  const asked = there.requests.length;
  await until("a request that hangs", () => there.requests.length > asked, { seconds: 30 });
  const hanging = await longestGap(razz, world, 150);
  assert.ok(hanging < 1000, `a gap of ${hanging} ms in the tracks`);
  assert.equal((await razz.status(7)).state, "online");
  world.tell(`longest pause between track messages: ${Math.round(gone)} ms with nobody there, ${Math.round(hanging)} ms while it hangs`);

  const begun = performance.now();
  assert.equal((await razz.stop()).code, 0);
  assert.ok(performance.now() - begun < 2000, `stopping took ${performance.now() - begun} ms`);
  assert.ok(!razz.log.join("\n").includes("hunter2"));
});
