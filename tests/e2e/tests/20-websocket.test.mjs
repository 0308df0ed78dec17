// The WebSocket /ws/tracking/{camera_id}, to the letter of its contract.

import assert from "node:assert/strict";
import { decode } from "@msgpack/msgpack";
import WebSocket from "ws";
import { ticksBetween } from "../lib/counter.mjs";
import { clip } from "../lib/paths.mjs";
import { scenario } from "../lib/scenario.mjs";
import { measureFor, until } from "../lib/wait.mjs";

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);
const isBox = (value) => Array.isArray(value) && value.length === 4 && value.every(isNumber);

/** Every field of the contract, with its type and what bounds it. */
function checkMessage(message) {
  const context = JSON.stringify(message);
  assert.equal(message.camera_id, 1, context);
  assert.ok(Math.abs(message.timestamp - Date.now() / 1000) < 30, `UNIX seconds: ${message.timestamp}`);
  assert.ok(Number.isInteger(message.rtp_timestamp) && message.rtp_timestamp >= 0 && message.rtp_timestamp < 2 ** 32, context);
  assert.deepEqual(message.frame_size, [1280, 720]);
  assert.ok(Array.isArray(message.tracks), context);
  for (const track of message.tracks) {
    assert.ok(Number.isInteger(track.track_id) && track.track_id >= 1, context);
    assert.ok(isBox(track.bbox) && track.bbox[0] < track.bbox[2] && track.bbox[1] < track.bbox[3], context);
    assert.ok(track.confidence > 0 && track.confidence <= 1, context);
    const [left, top, right, bottom] = track.bbox;
    assert.ok(Math.abs(track.center[0] - (left + right) / 2) < 1 && Math.abs(track.center[1] - (top + bottom) / 2) < 1, context);
    assert.ok(["bytetrack", "deepsort"].includes(track.source), context);
    assert.ok(["matched", "predicted"].includes(track.state), context);
    assert.ok(["person", "bicycle", "car", "motorcycle", "bus", "truck"].includes(track.class), context);
    assert.ok(isNumber(track.age_ms) && track.age_ms >= 0 && (track.state !== "matched" || track.age_ms === 0), context);
    assert.ok(isBox(track.velocity), context);
  }
  assert.ok(isNumber(message.stats.fps) && message.stats.fps >= 0, context);
  assert.equal(message.stats.active_tracks, message.tracks.length);
  assert.ok(Number.isInteger(message.stats.frame_count), context);
  assert.ok(isNumber(message.stats.latency_ms) && message.stats.latency_ms >= 0, context);
}

scenario("messages by detection, by frame, by rate and as msgpack", {}, async (world) => {
  const camera = await world.camera({ one: `clip:${clip("street")}` });
  const razz = await world.serve({ camera: [{ id: 1, url: camera.url("one"), detect_fps: 6 }] });
  const plain = world.keep(razz.tracks(1));
  const some = (message) => message.json.rtp_timestamp !== null && message.json.tracks.length > 0;
  await plain.take(1, { chosen: some, seconds: 30 });

  // One message per detection, each frame once, in media-time order.
  const start = plain.messages.length;
  await measureFor(5);
  const byDetection = plain.messages.slice(start).map((message) => message.json);
  byDetection.forEach(checkMessage);
  world.tell(`${byDetection.length / 5} messages a second at detect_fps = 6, stats ${JSON.stringify(byDetection.at(-1).stats)}`);
  assert.ok(byDetection.length >= 15 && byDetection.length <= 33, `${byDetection.length} messages in 5 s`);
  for (const [index, message] of byDetection.slice(1).entries()) {
    const before = byDetection[index];
    assert.ok(ticksBetween(message.rtp_timestamp, before.rtp_timestamp) > 0, "in media-time order, each frame once");
    assert.ok(message.stats.frame_count >= before.stats.frame_count, "frame_count counts up");
  }
  const counted = byDetection.at(-1).stats.frame_count - byDetection[0].stats.frame_count;
  assert.ok(counted >= 5 && counted <= 31, `${counted} frames detected in 5 s at detect_fps = 6`);
  assert.ok(byDetection.flatMap((message) => message.tracks).some((track) => track.state === "matched"));

  // The newest at once on connecting; a message for every video frame.
  const connected = performance.now();
  const every = world.keep(razz.tracks(1, "?every_frame=1"));
  const [first] = await every.take(1);
  assert.ok(first.at - connected < 500, `the first message came after ${first.at - connected} ms`);
  const frames = (await every.take(150)).map((message) => message.json);
  frames.forEach(checkMessage);
  const steps = frames.slice(1).map((message, index) => ticksBetween(message.rtp_timestamp, frames[index].rtp_timestamp));
  // The first message is the newest that was there, which may be some frames old.
  const missing = steps.slice(1).filter((step) => Math.abs(step - 3000) > 2);
  assert.deepEqual(missing, [], "every frame at 30 a second has its message");
  assert.ok(frames.flatMap((message) => message.tracks).some((track) => track.state === "predicted"));

  const atRate = world.keep(razz.tracks(1, "?every_frame=1&rate=3"));
  await atRate.take(2);
  const begin = atRate.messages.length;
  await measureFor(4);
  const count = atRate.messages.length - begin;
  assert.ok(count >= 8 && count <= 13, `${count} messages in 4 s at rate=3`);

  const packed = world.keep(razz.tracks(1, "?format=msgpack"));
  const binaries = await packed.take(3);
  for (const message of binaries) {
    assert.ok(message.binary, "msgpack comes in binary messages");
    checkMessage(decode(message.data));
  }

  // The client's ping, the server's ping.
  plain.send({ ping: 12.5 });
  const [pong] = await plain.take(1, { chosen: (message) => message.json.pong !== undefined });
  assert.equal(pong.json.pong, 12.5);
  assert.ok(Math.abs(pong.json.server_time - Date.now() / 1000) < 5, "server_time is in UNIX seconds");
  await until("a ping of the server", () => plain.pings > 0, { seconds: 12 });

  // What a client should not send does not end the conversation.
  for (const junk of ["not json", "{}", '{"ping": null}', "[]", '{"ping": {"deep": [1]}}']) plain.socket.send(junk);
  plain.send({ ping: 7 });
  await plain.take(1, { chosen: (message) => message.json.pong === 7 });

  // The newest track frame by HTTP is the same object.
  checkMessage(await razz.json("/api/cameras/1/tracks"));
});

scenario("a camera that is offline, or whose detection is off, is heard once a second", {}, async (world) => {
  const camera = await world.camera({ one: `clip:${clip("street")}` });
  const razz = await world.serve({
    camera: [
      { id: 1, url: "rtsp://127.0.0.1:9/nothing-there" },
      { id: 2, url: camera.url("one"), detect_fps: 0 },
    ],
  });
  await razz.untilState(2, "online");
  for (const id of [1, 2]) {
    const feed = world.keep(razz.tracks(id));
    await feed.take(1, { seconds: 3 });
    const start = feed.messages.length;
    await measureFor(4);
    const messages = feed.messages.slice(start).map((message) => message.json);
    assert.ok(messages.length >= 3 && messages.length <= 5, `camera ${id}: ${messages.length} messages in 4 s`);
    for (const message of messages) {
      assert.equal(message.camera_id, id);
      assert.deepEqual(message.tracks, []);
      assert.equal(message.rtp_timestamp, null);
    }
  }
});

scenario("an unknown camera is 404 before the upgrade", {}, async (world) => {
  const razz = await world.serve({ detector: { model: "demo" } });
  for (const id of ["99", "0", "x", "1/2", "%2e%2e"]) {
    const socket = new WebSocket(`ws://${razz.addresses.listen}/ws/tracking/${id}`);
    const status = await new Promise((answered, failed) => {
      socket.on("unexpected-response", (_request, response) => answered(response.statusCode));
      socket.on("open", () => failed(new Error(`camera ${id} was upgraded`)));
      socket.on("error", failed);
    });
    assert.equal(status, 404, `camera ${id}`);
    socket.terminate();
  }
});
