// What Home Assistant is told by MQTT discovery: its own schemas take it, ids are ASCII and each its own, and what vanished is taken back.

import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { promisify } from "node:util";
import { Broker, Listener } from "../lib/broker.mjs";
import { Missing } from "../lib/camera.mjs";
import { clip, model, ROOT } from "../lib/paths.mjs";
import { scenario } from "../lib/scenario.mjs";
import { until } from "../lib/wait.mjs";

const run = promisify(execFile);
const CLIENTS = path.join(ROOT, "tests/e2e/clients");
const HOME_ASSISTANT = path.join(CLIENTS, ".venv-homeassistant");

/** What Home Assistant's schemas say of discovery messages: `{version, checked, problems}`. */
async function checked(messages) {
  if (!existsSync(path.join(HOME_ASSISTANT, "homeassistant.txt"))) {
    throw new Missing("there is no tests/e2e/clients/.venv-homeassistant here: it wants Python 3.13 and make setup");
  }
  const script = path.join(CLIENTS, "homeassistant_discovery.py");
  const running = run(path.join(HOME_ASSISTANT, "bin/python"), [script], { timeout: 60_000 });
  running.child.stdin.end(JSON.stringify(messages));
  return JSON.parse((await running).stdout);
}

/** The streets' detector with other names: as long, in bytes, as those that they stand for. */
function renamed(folder, names) {
  const bytes = readFileSync(model("demo"));
  for (const [name, other] of names) {
    const at = bytes.indexOf(`'${name}'`);
    assert.ok(at > 0 && Buffer.byteLength(name) === Buffer.byteLength(other), name);
    bytes.write(`'${other}'`, at);
  }
  const file = path.join(folder, "renamed.onnx");
  writeFileSync(file, bytes);
  return file;
}

/** Every configuration that a listener heard last, by its topic below `homeassistant/`. */
function configs(heard) {
  const all = new Map();
  for (const { topic, payload } of heard.messages) {
    if (topic.startsWith("homeassistant/")) all.set(topic.slice("homeassistant/".length, -"/config".length), payload.toString());
  }
  return all;
}

scenario("Home Assistant's own schemas take every entity, whatever the language of its name", {}, async (world) => {
  const broker = await Broker.start(world);
  const heard = world.keep(new Listener(broker));
  const camera = await world.camera({ one: `clip:${clip("street")}` });
  const razz = await world.serve({
    mqtt: { url: broker.url, prefix: "haus/razz" },
    detector: { model: renamed(world.folder, [["person", "люд"], ["train", "Truck"]]), classes: ["люд", "car", "truck", "Truck"] },
    camera: [{ id: 1, name: "Въезд", url: camera.url("one"), detect_fps: 5 }],
  });
  await razz.untilState(1, "online");
  await heard.untilIs("haus/razz/camera/1/state", "online");
  await until("all entities", () => configs(heard).size === 2 + 2 * 4 + 1);

  const messages = [...configs(heard)].map(([topic, payload]) => ({ topic: `homeassistant/${topic}/config`, payload }));
  const { version, checked: count, problems } = await checked(messages);
  assert.deepEqual({ count, problems }, { count: messages.length, problems: [] });
  world.tell(`${count} configurations, checked by Home Assistant ${version}`);
  // The check finds what is wrong.
  const [{ topic, payload }] = messages;
  const broken = JSON.stringify({ ...JSON.parse(payload), object_id: 1, availability_mode: "some" });
  assert.match((await checked([{ topic, payload: broken }])).problems.join(), /availability_mode/);
  const beside = [{ topic: topic.replace("razz_", "люди_"), payload }, { topic, payload: payload.replace(/"device_class"/, '"class"') }];
  assert.equal((await checked(beside)).problems.length, 2);

  const entity = (name) => JSON.parse(configs(heard).get(name));
  const names = [...configs(heard).values()].map((text) => JSON.parse(text).name);
  for (const name of ["Люд occupancy", "Car count", "Truck count"]) assert.ok(names.includes(name), `${name} in ${names}`);
  assert.equal(entity("sensor/haus_razz_camera1/truck_count").state_topic, "haus/razz/camera/1/count/truck");
  // People are counted under a topic in ASCII, and where they were before.
  const people = JSON.parse([...configs(heard).values()].find((text) => JSON.parse(text).name === "Люд count"));
  assert.match(people.state_topic, /^haus\/razz\/camera\/1\/count\/id_[0-9a-f]{8}$/);
  await until("people counted", () => Number(heard.newest(people.state_topic)) > 0);
  assert.ok(heard.newest("haus/razz/camera/1/count/люд"));

  // The server is a device, told first, and each camera one behind it; both have to be there.
  const server = entity("binary_sensor/haus_razz_server/online");
  const online = entity("binary_sensor/haus_razz_camera1/online");
  assert.deepEqual(online.device.via_device, server.device.identifiers[0]);
  assert.equal(online.device.name, "Въезд");
  assert.match([...configs(heard).keys()][0], /^binary_sensor\/haus_razz_server\//);
  assert.deepEqual(people.availability.map((one) => one.topic), ["haus/razz/status", "haus/razz/camera/1/state"]);
  await razz.kill();
  await heard.untilIs("haus/razz/status", "offline");
});

scenario("what vanished while razz was away is taken back, and nothing of others", {}, async (world) => {
  const broker = await Broker.start(world);
  const heard = world.keep(new Listener(broker));
  const place = (topic, payload) => execFileSync("mosquitto_pub", ["-h", "127.0.0.1", "-p", String(broker.port), "-r", "-t", topic, "-m", payload]);
  const entity = (prefix) => JSON.stringify({ origin: { name: "razz" }, availability: [{ topic: `${prefix}/status` }] });
  // Of an older razz with a camera 7 and a name that is no topic any more; and of others.
  const old = ["homeassistant/sensor/razz_camera7/person_count/config", "homeassistant/sensor/razz_camera1/люди_count/config"];
  for (const topic of old) place(topic, entity("razz"));
  for (const level of ["state", "name", "snapshot", "count/person"]) place(`razz/camera/7/${level}`, "x");
  const others = ["homeassistant/sensor/razz_camera8/x/config", "homeassistant/sensor/lamp_camera7/x/config"];
  for (const topic of others) place(topic, entity("razz/two"));
  place("razz/two/camera/9/state", "online");

  const camera = await world.camera({ one: `clip:${clip("street")}`, two: `clip:${clip("road")}` });
  const one = { id: 1, name: "Gate", url: camera.url("one"), detect_fps: 5 };
  const two = { id: 2, name: "Yard", url: camera.url("two"), detect_fps: 0 };
  const first = await world.serve({ mqtt: { url: broker.url }, detector: { classes: ["person", "car"] }, camera: [one, two] });
  await heard.untilIs("razz/camera/1/state", "online");
  await heard.untilIs("razz/camera/2/state", "online");
  for (const topic of [...old, "razz/camera/7/state", "razz/camera/7/name", "razz/camera/7/snapshot", "razz/camera/7/count/person"]) {
    await heard.untilIs(topic, "");
  }
  await until("a picture", () => heard.newest("razz/camera/1/snapshot"), { seconds: 40 });
  const yard = [...configs(heard).keys()].filter((topic) => topic.includes("razz_camera2"));
  assert.equal(yard.length, 6);
  assert.equal((await first.stop()).code, 0);

  // Camera 2 and the cars are gone; the gate's last picture stays until there is another.
  const before = heard.messages.length;
  await world.serve({ mqtt: { url: broker.url }, detector: { classes: ["person"] }, camera: [one] });
  const cars = ["binary_sensor/razz_camera1/car_occupancy", "sensor/razz_camera1/car_count"];
  const gone = [...yard, ...cars].map((topic) => `homeassistant/${topic}/config`);
  gone.push("razz/camera/1/count/car", ...["state", "name", "count/person", "count/car"].map((level) => `razz/camera/2/${level}`));
  for (const topic of gone) await heard.untilIs(topic, "");
  await heard.untilIs("razz/camera/1/state", "online");
  await until("the gate's people", () => heard.messages.slice(before).some(({ topic }) => topic === "razz/camera/1/event"), { seconds: 40 });
  const emptied = new Set(heard.messages.slice(before).filter(({ payload }) => payload.length === 0).map(({ topic }) => topic));
  emptied.delete("razz/camera/2/snapshot");
  assert.deepEqual([...emptied].sort(), gone.sort());
  for (const topic of others) assert.equal(heard.newest(topic), entity("razz/two"));
  assert.equal(heard.newest("razz/two/camera/9/state"), "online");
});

/** A broker that takes messages and hangs up on who wants to read: `told` has the topics, `asked` how often that was (MQTT 3.1.1 section 2). */
async function hangsUpOnReaders() {
  const broker = { told: [], asked: 0 };
  const server = net.createServer((socket) => {
    let bytes = Buffer.alloc(0);
    socket.on("error", () => {});
    socket.on("data", (more) => {
      bytes = Buffer.concat([bytes, more]);
      for (;;) {
        let [at, length, shift] = [1, 0, 0];
        for (let last = 128; last >= 128; shift += 7, at += 1) {
          if (at >= bytes.length) return;
          last = bytes[at];
          length |= (last & 127) << shift;
        }
        if (bytes.length < at + length) return;
        const [kind, body] = [bytes[0] >> 4, bytes.subarray(at, at + length)];
        bytes = bytes.subarray(at + length);
        if (kind === 1) socket.write(Buffer.from([0x20, 2, 0, 0]));
        if (kind === 12) socket.write(Buffer.from([0xd0, 0]));
        if (kind === 3) {
          const end = 2 + body.readUInt16BE(0);
          broker.told.push(body.toString("utf8", 2, end));
          socket.write(Buffer.from([0x40, 2, body[end], body[end + 1]]));
        }
        if (kind === 8) {
          broker.asked += 1;
          socket.destroy();
          return;
        }
      }
    });
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  broker.url = `mqtt://127.0.0.1:${server.address().port}`;
  broker.close = () => server.close();
  return broker;
}

scenario("a broker that lets nobody read is told all the same", {}, async (world) => {
  const broker = world.keep(await hangsUpOnReaders());
  const camera = await world.camera({ one: `clip:${clip("street")}` });
  const razz = await world.serve({ mqtt: { url: broker.url }, camera: [{ id: 1, url: camera.url("one"), detect_fps: 5 }] });
  await razz.untilState(1, "online");
  await until("an event", () => broker.told.includes("razz/camera/1/event"), { seconds: 60 });
  await until("the word", () => razz.log.some((line) => line.includes("hangs up when razz wants to read")), { seconds: 20 });
  assert.equal(broker.asked, 3);
  assert.ok(broker.told.includes("homeassistant/binary_sensor/razz_camera1/online/config"));
  assert.equal((await razz.stop()).code, 0);
});
