// The razz binary as the tests hold it: a written config, the addresses it prints, its API.

import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import WebSocket from "ws";
import { RAZZ } from "./paths.mjs";
import { Child } from "./process.mjs";
import { until } from "./wait.mjs";

/** TOML of groups, lists of groups, strings, numbers, booleans, lists and inline tables of them. */
export function toml(config) {
  const value = (v) => {
    if (Array.isArray(v)) return `[${v.map(value).join(", ")}]`;
    if (typeof v === "object") return `{ ${Object.entries(v).map(([key, inner]) => `${key} = ${value(inner)}`).join(", ")} }`;
    return JSON.stringify(v);
  };
  const lines = [];
  for (const [group, content] of Object.entries(config)) {
    const many = Array.isArray(content);
    for (const entries of many ? content : [content]) {
      lines.push(many ? `[[${group}]]` : `[${group}]`);
      for (const [key, v] of Object.entries(entries)) lines.push(`${key} = ${value(v)}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

/** A config for a test: every port chosen by the system, the detector that knows the streets of the tests, `config` on top. */
export function config({ server = {}, detector = {}, camera = [], ...groups }) {
  return {
    server: { listen: "127.0.0.1:0", compat_listen: "127.0.0.1:0", webrtc_udp: "127.0.0.1:0", ...server },
    detector: { model: "demo", ...detector },
    ...groups,
    camera,
  };
}

/** Writes a config into `folder` and answers the file. */
export function written(folder, content) {
  const file = path.join(folder, "razz.toml");
  writeFileSync(file, typeof content === "string" ? content : toml(content));
  return file;
}

/** Runs razz to its end; answers its exit code, standard output and error. */
export async function run(args, { seconds = 20 } = {}) {
  const child = new Child(`razz ${args[0]}`, RAZZ, args);
  const stderr = [];
  child.process.stderr.on("data", (chunk) => stderr.push(chunk));
  const timer = setTimeout(() => child.process.kill("SIGKILL"), seconds * 1000);
  const { code, signal } = await child.exited;
  clearTimeout(timer);
  if (code === null) throw new Error(`razz ${args[0]} did not end by itself (${signal ?? "not started"}): ${child.tail()}`);
  return { code, stderr: Buffer.concat(stderr).toString(), log: child.log.join("\n") };
}

/** A running `razz serve` or `razz demo`. */
export class Razz extends Child {
  /** `files`: so many files it may open at first, as in a shell that allows no more. */
  constructor(args, env = {}, { files } = {}) {
    const [program, all] = files ? ["bash", ["-c", `ulimit -Sn ${files}; exec "$0" "$@"`, RAZZ, ...args]] : [RAZZ, args];
    super("razz", program, all, { env: { ...process.env, ...env } });
  }

  /** Waits for its addresses and until it answers. */
  async listening() {
    this.addresses = await this.answer(30);
    await until("razz to be healthy", async () => (await fetch(this.at("/healthz"))).ok, { seconds: 20 });
    return this;
  }

  /** A URL of the app's address. */
  at(route) {
    return `http://${this.addresses.listen}${route}`;
  }

  /** A URL of the RTSPtoWebRTC address. */
  compat(route) {
    return `http://${this.addresses.compat_listen}${route}`;
  }

  /** The JSON of a route; anything but 200 is an error. */
  async json(route) {
    const response = await fetch(this.at(route));
    if (response.status !== 200) throw new Error(`${route} answered ${response.status}: ${await response.text()}`);
    return response.json();
  }

  /** The link that makes the first admin: nothing here is a terminal, so it is in a file that razz names. */
  async setUpLink() {
    const file = await until("the set-up link", () => this.log.map((line) => / is in (\S+razz\.set-up-link)/.exec(line)?.[1]).find(Boolean));
    return readFileSync(file, "utf8").trim();
  }

  status(camera) {
    return this.json(`/api/cameras/${camera}/status`);
  }

  /** Waits until a camera is in `state` and answers its status. */
  untilState(camera, state, seconds = 20) {
    let last;
    return until(`camera ${camera} to be ${state}`, async () => {
      last = await this.status(camera);
      if (last.state === state) return last;
      throw new Error(`it is ${last.state}, last error: ${last.last_error}`);
    }, { seconds });
  }

  /** A WebSocket to a camera's tracks; `query` begins with `?` or is empty. */
  tracks(camera, query = "") {
    return new Tracks(`ws://${this.addresses.listen}/ws/tracking/${camera}${query}`);
  }
}

/** A WebSocket that keeps every message with its time of arrival in ms. */
export class Tracks {
  constructor(url) {
    this.messages = [];
    this.socket = new WebSocket(url);
    this.pings = 0;
    this.opened = new Promise((opened, failed) => {
      this.socket.on("open", opened);
      this.socket.on("error", failed);
    });
    this.opened.catch(() => {});
    this.socket.on("ping", () => (this.pings += 1));
    this.socket.on("message", (data, binary) => {
      this.messages.push({ at: performance.now(), binary, data, ...(binary ? {} : { json: JSON.parse(data.toString()) }) });
    });
  }

  /** Waits until `count` messages that `chosen` accepts are in, and answers them. */
  take(count, { chosen = () => true, seconds = 10 } = {}) {
    return until(() => `${count} messages on the WebSocket (of ${this.messages.length} that came, the last: ${this.messages.at(-1)?.data})`, () => {
      const found = this.messages.filter(chosen);
      return found.length >= count && found;
    }, { seconds });
  }

  send(value) {
    this.socket.send(JSON.stringify(value));
  }

  close() {
    this.socket.terminate();
  }
}
