// What happens before the cameras is told to a real broker, and a broker that is gone disturbs no video.

import assert from "node:assert/strict";
import { authority, Broker, freePort, Listener } from "../lib/broker.mjs";
import { clip } from "../lib/paths.mjs";
import { scenario } from "../lib/scenario.mjs";
import { until } from "../lib/wait.mjs";

/** razz with one camera in which people walk, and what else the config shall have. */
async function serve(world, mqtt, more = {}) {
  const camera = await world.camera({ one: `clip:${clip("street")}` });
  const razz = await world.serve({
    mqtt,
    ...more,
    camera: [{ id: 1, name: "Gate", url: camera.url("one"), detect_fps: 5 }],
  });
  await razz.untilState(1, "online");
  return { camera, razz };
}

async function metric(razz, series) {
  const text = await (await fetch(razz.at("/metrics"))).text();
  const line = text.split("\n").find((one) => one.startsWith(`${series} `));
  assert.ok(line, `${series} is not in\n${text}`);
  return Number(line.slice(series.length + 1));
}

const isJpeg = (payload) => payload.readUInt16BE(0) === 0xffd8 && payload.readUInt16BE(payload.length - 2) === 0xffd9;

scenario("people who walk by are told of, with a picture, and Home Assistant finds the camera", {}, async (world) => {
  const broker = await Broker.start(world);
  const heard = world.keep(new Listener(broker));
  const { razz } = await serve(world, { url: broker.url });
  await heard.untilIs("razz/status", "online");
  await heard.untilIs("razz/camera/1/state", "online");
  await heard.untilIs("razz/camera/1/name", "Gate");
  await heard.untilIs("razz/camera/1/count/car", "0");

  const started = await heard.event("razz/camera/1/event", (event) => event.type === "track_started" && event.track.class === "person");
  assert.equal(started.camera_id, 1);
  assert.equal(started.camera_name, "Gate");
  assert.deepEqual(started.track.frame_size, [1280, 720]);
  const [left, top, right, bottom] = started.track.bbox;
  assert.ok(left < right && top < bottom, `${started.track.bbox}`);
  assert.ok(started.track.last_seen - started.track.first_seen >= 0.5);
  assert.ok(Math.abs(started.timestamp - Date.now() / 1000) < 60);
  const picture = heard.messages.find((message) => message.topic === started.snapshot_topic);
  assert.equal(started.snapshot_topic, `razz/camera/1/track/${started.track.track_id}/snapshot`);
  assert.ok(isJpeg(picture.payload) && picture.payload.length < 200_000, `${picture.payload.length} bytes`);
  await until("people counted", () => Number(heard.newest("razz/camera/1/count/person")) > 0);

  const ended = await heard.event("razz/camera/1/event", (event) => event.type === "track_ended");
  const began = await heard.event("razz/camera/1/event", (event) => event.type === "track_started" && event.track.track_id === ended.track.track_id);
  assert.ok(ended.track.last_seen >= began.track.last_seen);
  assert.notEqual(ended.id, began.id);

  const config = (topic) => JSON.parse(heard.newest(`homeassistant/${topic}/config`));
  const occupancy = config("binary_sensor/razz_camera1/person_occupancy");
  assert.equal(occupancy.device_class, "occupancy");
  assert.equal(occupancy.state_topic, "razz/camera/1/count/person");
  assert.equal(occupancy.device.name, "Gate");
  assert.equal(config("camera/razz_camera1/last_seen").topic, "razz/camera/1/snapshot");
  assert.equal(config("sensor/razz_camera1/person_count").state_topic, "razz/camera/1/count/person");

  // Who comes later finds it there.
  const late = world.keep(new Listener(broker));
  await late.untilIs("razz/camera/1/state", "online");
  await until("the picture", () => late.messages.some((message) => message.topic === "razz/camera/1/snapshot" && message.retained));
  assert.ok(late.messages.filter((message) => message.retained).every((message) => !message.topic.endsWith("/event")));
  assert.ok((await metric(razz, 'razz_events_delivered_total{to="mqtt"}')) >= 2);
  assert.equal(await metric(razz, 'razz_events_up{to="mqtt"}'), 1);

  assert.equal((await razz.stop()).code, 0);
  await heard.untilIs("razz/status", "offline");
});

/** For how many seconds the broker is gone at least: RAZZ_OUTAGE=60 for a whole minute of it. */
const OUTAGE = Number(process.env.RAZZ_OUTAGE ?? 3);

scenario("a broker that is gone disturbs no video and is told all when it is back", { seconds: 120 + OUTAGE }, async (world) => {
  const broker = await Broker.start(world);
  const { camera, razz } = await serve(world, { url: broker.url, prefix: "house/razz", discovery: "" });
  await until("the broker reached", async () => (await metric(razz, 'razz_events_up{to="mqtt"}')) === 1);
  await broker.kill();
  await until("the loss noticed", async () => (await metric(razz, 'razz_events_up{to="mqtt"}')) === 0);
  const tracks = world.keep(razz.tracks(1, "?every_frame=1"));
  const frames = await tracks.take(30 * OUTAGE, { chosen: ({ json }) => json.rtp_timestamp !== null, seconds: 2 * OUTAGE + 10 });
  const gap = Math.max(...frames.slice(1).map((message, n) => message.at - frames[n].at));
  assert.ok(gap < 1000, `a gap of ${gap} ms in the tracks`);
  assert.equal((await razz.status(1)).state, "online");

  // What happens meanwhile is not lost.
  await camera.kill();
  await until("the camera's loss", async () => (await razz.status(1)).state !== "online", { seconds: 20 });
  const again = await Broker.start(world, broker.port);
  const heard = world.keep(new Listener(again));
  await heard.untilIs("house/razz/camera/1/state", "offline", 45);
  await heard.untilIs("house/razz/status", "online");
  const offline = await heard.event("house/razz/camera/1/event", (event) => event.type === "camera_offline");
  assert.equal(offline.camera_id, 1);
  await world.restarted(camera);
  await heard.event("house/razz/camera/1/event", (event) => event.type === "camera_online" && event.timestamp > offline.timestamp, 60);
  await heard.untilIs("house/razz/camera/1/state", "online");
  assert.ok((await metric(razz, 'razz_events_failures_total{to="mqtt"}')) >= 1);
  assert.equal(await metric(razz, 'razz_events_dropped_total{to="mqtt"}'), 0);
  const [tries, told] = [await metric(razz, 'razz_events_failures_total{to="mqtt"}'), heard.messages.filter(({ topic }) => topic.endsWith("/event")).length];
  world.tell(`gone for ${OUTAGE} s and more: longest pause between track messages ${Math.round(gap)} ms, ${tries} tries to connect, ${told} events told afterwards, none lost`);
});

scenario("over TLS, with an authority of one's own, and not with another's", {}, async (world) => {
  const [ours, others] = [authority(world.folder, "broker"), authority(world.folder, "other")];
  const broker = await Broker.start(world, undefined, ours);
  const heard = world.keep(new Listener(broker));
  const { razz } = await serve(world, { url: broker.url, ca: ours.ca });
  await heard.untilIs("razz/status", "online");
  await heard.untilIs("razz/camera/1/state", "online");
  await heard.event("razz/camera/1/event", (event) => event.type === "camera_online");
  assert.equal((await razz.stop()).code, 0);
  await heard.untilIs("razz/status", "offline");

  const { razz: wary } = await serve(world, { url: broker.url, ca: others.ca, prefix: "wary" });
  const word = await until("the word", () => wary.log.find((line) => line.includes("MQTT: 127.0.0.1") && line.includes("tried again")));
  world.tell(word.replace(/^.*MQTT/, "MQTT"));
  assert.equal((await wary.status(1)).state, "online", "the video goes on");
  assert.ok(!heard.messages.some(({ topic }) => topic.startsWith("wary")));
});

scenario("a razz that is killed is offline at the broker at once", {}, async (world) => {
  const broker = await Broker.start(world);
  const heard = world.keep(new Listener(broker));
  const { razz } = await serve(world, { url: broker.url });
  await heard.untilIs("razz/status", "online");
  await razz.kill();
  await heard.untilIs("razz/status", "offline");
  const late = world.keep(new Listener(broker));
  await until("the last will, retained", () => late.messages.some((message) => message.topic === "razz/status" && message.retained && message.payload.toString() === "offline"));
});

scenario("no broker at all: video, a word in the log, no password in it", {}, async (world) => {
  const url = `mqtt://127.0.0.1:${await freePort()}`;
  const { razz } = await serve(world, { url, username: "u", password: "Tr0ub4dor" });
  await until("the word", () => razz.log.some((line) => line.includes("MQTT: 127.0.0.1") && line.includes("tried again")));
  await until("detections", async () => (await razz.status(1)).fps.detected > 1, { seconds: 60 });
  const words = razz.log.filter((line) => line.includes("tried again"));
  assert.equal(words.length, 1, "said once, not with every try");
  assert.ok(!razz.log.join("\n").includes("Tr0ub4dor"));
  const begun = performance.now();
  assert.equal((await razz.stop()).code, 0);
  assert.ok(performance.now() - begun < 2000, `stopping took ${performance.now() - begun} ms`);
});
