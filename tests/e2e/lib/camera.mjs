// The independent camera (camera/camera.py) as the tests hold it.

import net from "node:net";
import path from "node:path";
import { ROOT } from "./paths.mjs";
import { Child } from "./process.mjs";

/** The machine lacks what a kind of camera needs; the test is skipped with this sentence. */
export class Missing extends Error {}

/** A camera process; `mounts` maps a name to its kind, `clip:FILE` for one. */
export class Camera extends Child {
  constructor(mounts, { port = 0, user, password, auth, tls, together } = {}) {
    const options = ["--port", String(port)];
    if (user) options.push("--user", user, "--password", password);
    if (auth) options.push("--auth", auth);
    if (tls) options.push("--tls", tls);
    if (together) options.push("--together");
    const named = Object.entries(mounts).map(([name, kind]) => `${name}=${kind}`);
    super("camera", "/usr/bin/python3", [path.join(ROOT, "tests/e2e/camera/camera.py"), ...options, ...named]);
    this.mounts = mounts;
    this.options = { user, password, auth, tls, together };
  }

  /** Waits until it listens. */
  async listening() {
    const first = await this.answer(30);
    if (first.missing) throw new Missing(first.missing);
    this.port = first.port;
    return this;
  }

  /** The address of a mount, without credentials. */
  url(name) {
    return `rtsp://127.0.0.1:${this.port}/${name}`;
  }

  /** What it answers to DESCRIBE (RFC 2326 section 10.2), head and SDP. */
  describe(name) {
    return new Promise((resolve, reject) => {
      let answer = "";
      const socket = net.connect(this.port, "127.0.0.1", () =>
        socket.write(`DESCRIBE ${this.url(name)} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n`));
      socket.on("error", reject);
      socket.on("close", () => reject(new Error(`no whole answer to DESCRIBE: ${answer}`)));
      socket.on("data", (bytes) => {
        answer += bytes.toString("latin1");
        const [head, body] = answer.split("\r\n\r\n", 2);
        if (body === undefined || body.length < Number(/^content-length: *(\d+)/im.exec(head)?.[1])) return;
        resolve(answer);
        socket.destroy();
      });
    });
  }

  /** Access units sent on a mount since the camera started. */
  async sent(name) {
    const { counts } = await this.#ask("count");
    return counts[name].sent;
  }

  /** The SHA-256 of the slices of each access unit of a loop, in order. */
  async hashes(name) {
    const { hashes } = await this.#ask("hashes");
    return hashes[name];
  }

  pause() {
    return this.#ask("pause");
  }

  resume() {
    return this.#ask("resume");
  }

  /** `sizes` goes on in its other size. */
  switchSize() {
    return this.#ask("switch");
  }

  #ask(what) {
    this.process.stdin.write(`${JSON.stringify({ do: what })}\n`);
    return this.answer(5);
  }
}
