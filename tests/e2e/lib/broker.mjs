// A real MQTT broker (mosquitto), and a listener at it.

import { execFileSync, spawn } from "node:child_process";
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

/** A certificate for 127.0.0.1 and its key in `folder`, signed by an authority made for it; the authority's certificate. */
export function authority(folder, name) {
  const file = (kind) => path.join(folder, `${name}.${kind}`);
  const openssl = (...args) => execFileSync("openssl", args, { stdio: "pipe" });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl("req", "-x509", ...key, "-keyout", file("ca.key"), "-out", file("ca.pem"), "-days", "2", "-subj", `/CN=${name} authority`);
  openssl("req", ...key, "-keyout", file("key"), "-out", file("csr"), "-subj", `/CN=${name}`);
  writeFileSync(file("ext"), "subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth\n");
  openssl("x509", "-req", "-in", file("csr"), "-CA", file("ca.pem"), "-CAkey", file("ca.key"), "-CAcreateserial", "-days", "2", "-extfile", file("ext"), "-out", file("pem"));
  return { ca: file("ca.pem"), cert: file("pem"), key: file("key") };
}

/** A broker that keeps nothing when it ends; with the files of an `authority`, over TLS. */
export class Broker extends Child {
  constructor(folder, port, tls) {
    if (!MOSQUITTO) throw new Missing("there is no mosquitto here: run make setup");
    const file = path.join(folder, "mosquitto.conf");
    const lines = [`listener ${port} 127.0.0.1`, "allow_anonymous true", "persistence false"];
    // Started by root it would change to a user who cannot read the key.
    if (tls) lines.unshift("user root");
    if (tls) lines.push(`certfile ${tls.cert}`, `keyfile ${tls.key}`, "tls_version tlsv1.2");
    writeFileSync(file, `${lines.join("\n")}\n`);
    super("mosquitto", MOSQUITTO, ["-c", file, "-v"]);
    this.port = port;
    this.folder = folder;
    this.tls = tls;
  }

  static async start(world, port, tls) {
    const broker = new Broker(world.folder, port ?? (await freePort()), tls);
    world.children.push(broker);
    await until("the broker to run", () => broker.log.some((line) => line.includes("mosquitto version")) && broker.running);
    return broker;
  }

  get url() {
    return `${this.tls ? "mqtts" : "mqtt"}://127.0.0.1:${this.port}`;
  }
}

/** Everything that a client hears under `#`, in order: `{topic, retained, payload}`. */
export class Listener {
  constructor(broker) {
    this.messages = [];
    const tls = broker.tls ? ["--cafile", broker.tls.ca] : [];
    this.process = spawn("mosquitto_sub", ["-h", "127.0.0.1", "-p", String(broker.port), ...tls, "-q", "1", "-t", "#", "-F", "%r %t %x"]);
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
