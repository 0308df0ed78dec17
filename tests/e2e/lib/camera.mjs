// The independent camera (camera/camera.py) as the tests hold it.

import path from "node:path";
import { ROOT } from "./paths.mjs";
import { Child } from "./process.mjs";

/** The machine lacks what a kind of camera needs; the test is skipped with this sentence. */
export class Missing extends Error {}

/** A camera process; `mounts` maps a name to its kind, `clip:FILE` for one. */
export class Camera extends Child {
  constructor(mounts, { port = 0, user, password, auth } = {}) {
    const options = ["--port", String(port)];
    if (user) options.push("--user", user, "--password", password);
    if (auth) options.push("--auth", auth);
    const named = Object.entries(mounts).map(([name, kind]) => `${name}=${kind}`);
    super("camera", "/usr/bin/python3", [path.join(ROOT, "tests/e2e/camera/camera.py"), ...options, ...named]);
    this.mounts = mounts;
    this.options = { user, password, auth };
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

  /** Access units sent on a mount since the camera started. */
  async sent(name) {
    const { counts } = await this.#ask("count");
    return counts[name].sent;
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
