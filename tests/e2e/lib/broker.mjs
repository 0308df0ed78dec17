// A real MQTT broker (mosquitto), and a listener at it.

import { spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { createInterface } from "node:readline";
import { Missing } from "./camera.mjs";
import { Child } from "./process.mjs";
import { until } from "./wait.mjs";

/** Debian puts the broker where only root looks. */
const MOSQUITTO = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto", "/usr/bin/mosquitto"].find(existsSync);

/** A port of 127.0.0.1 that is free now. */
export function freePort() {
  return new Promise((done, failed) => {
    const server = createServer();
    server.on("error", failed);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

/** A broker that keeps nothing when it ends. */
export class Broker extends Child {
  constructor(folder, port) {
    if (!MOSQUITTO) throw new Missing("there is no mosquitto here: run make setup");
    const file = path.join(folder, "mosquitto.conf");
    writeFileSync(file, `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\n`);
    super("mosquitto", MOSQUITTO, ["-c", file, "-v"]);
    this.port = port;
    this.folder = folder;
  }

  static async start(world, port) {
    const broker = new Broker(world.folder, port ?? (await freePort()));
    world.children.push(broker);
    await until("the broker to run", () => broker.log.some((line) => line.includes("mosquitto version")) && broker.running);
    return broker;
  }

  get url() {
    return `mqtt://127.0.0.1:${this.port}`;
  }
}

/** Everything that a client hears under `#`, in order: `{topic, retained, payload}`. */
export class Listener {
  constructor(broker) {
    this.messages = [];
    this.process = spawn("mosquitto_sub", ["-h", "127.0.0.1", "-p", String(broker.port), "-q", "1", "-t", "#", "-F", "%r %t %x"]);
    createInterface({ input: this.process.stdout }).on("line", (line) => {
      const [retained, topic, hex = ""] = line.split(" ");
      this.messages.push({ topic, retained: retained === "1", payload: Buffer.from(hex, "hex") });
    });
  }

  /** The newest message of a topic as text, or undefined. */
  newest(topic) {
    return this.messages.findLast((message) => message.topic === topic)?.payload.toString();
  }

  /** Waits until the newest message of a topic is `text`. */
  untilIs(topic, text, seconds = 20) {
    return until(() => `${topic} to be ${text}; it is ${this.newest(topic)}`, () => this.newest(topic) === text, { seconds });
  }

  /** Waits for a message of `topic` whose JSON `fits`, and answers it. */
  event(topic, fits, seconds = 40) {
    const find = () => this.messages.filter((message) => message.topic === topic).map((message) => JSON.parse(message.payload)).find(fits);
    return until(() => `an event on ${topic}; of ${this.messages.map((message) => message.topic)}`, find, { seconds });
  }

  close() {
    this.process.kill("SIGKILL");
  }
}
