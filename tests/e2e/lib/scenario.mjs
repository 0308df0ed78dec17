// One end-to-end test: everything it starts is ended, and a failure shows the logs.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { launch, openPage } from "./browser.mjs";
import { Camera, Missing } from "./camera.mjs";
import { Firefox } from "./firefox.mjs";
import { missing, RAZZ } from "./paths.mjs";
import { Child } from "./process.mjs";
import { config, Razz, written } from "./razz.mjs";

/** What a scenario may start. */
class World {
  constructor(t) {
    this.t = t;
    this.folder = mkdtempSync(path.join(tmpdir(), "razz-e2e-"));
    this.children = [];
    this.closers = [];
    this.console = [];
  }

  /** A line in the report of the test run. */
  tell(line) {
    this.t.diagnostic(line);
  }

  /** A camera that listens. */
  camera(mounts, options) {
    const camera = new Camera(mounts, options);
    this.children.push(camera);
    return camera.listening();
  }

  /** The camera again, after it was killed: same port, same mounts, and what `changed` does not name the same. */
  restarted(camera, changed = {}) {
    return this.camera(camera.mounts, { ...camera.options, port: camera.port, ...changed });
  }

  /** `razz serve` with this config (see `config`), or with the text of one. */
  serve(content, { args = [], env, files } = {}) {
    const file = written(this.folder, typeof content === "string" ? content : config(content));
    return this.razz(["serve", "--config", file, ...args], env, { files });
  }

  /** razz with any arguments that make it listen on ports of the system's choice. */
  razz(args, env, options) {
    const razz = new Razz(args, env, options);
    this.children.push(razz);
    return razz.listening();
  }

  /** razz with any arguments, to its own end. */
  child(name, args, env) {
    return this.program(`razz ${name}`, RAZZ, args, env);
  }

  /** Any program; it is ended with the test. */
  program(name, command, args, env) {
    const child = new Child(name, command, args, { env: { ...process.env, ...env } });
    this.children.push(child);
    return child;
  }

  /** A page of a fresh Chromium; `more`: its `width`, `height`, `ratio` and what else a browser context takes. */
  async page(url, more = {}) {
    if (!this.browser) {
      this.browser = await launch();
      this.closers.push(() => this.browser.close());
    }
    return openPage(this.browser, url, { onConsole: (line) => this.console.push(line), ...more });
  }

  /** A Firefox; `options` as its `open` takes them. It is ended with the test. */
  async firefox(options = {}) {
    const firefox = await Firefox.open({ onConsole: (line) => this.console.push(line), ...options });
    this.closers.push(() => firefox.close());
    return firefox;
  }

  /** Something with a `close` that must not outlive the test; answers it. */
  keep(closable) {
    this.closers.push(() => closable.close());
    return closable;
  }

  showLogs() {
    for (const child of this.children) this.tell(`--- the end of ${child.name}'s log\n${child.tail()}`);
    if (this.console.length > 0) this.tell(`--- the end of the page's console\n${this.console.slice(-30).join("\n")}`);
  }

  async close() {
    for (const close of this.closers.reverse()) await close();
    // razz goes first and must end by itself when asked; a camera may vanish as cameras do.
    const rest = this.children.reverse().map((child) => (child instanceof Razz ? child.stop() : child.kill()));
    const ends = await Promise.allSettled(rest);
    rmSync(this.folder, { recursive: true, force: true });
    const stuck = ends.find((end) => end.status === "rejected");
    if (stuck) throw stuck.reason;
  }
}

/**
 * A test by name. `needs.browser`: Chromium; `needs.firefox`: Firefox; `needs.data`: real footage and models of others, in RAZZ_TESTDATA.
 * `body` gets the World.
 */
export function scenario(name, needs, body) {
  test(name, { timeout: (needs.seconds ?? 120) * 1000, skip: missing(needs) ?? false }, async (t) => {
    const world = new World(t);
    let failed;
    try {
      await body(world);
    } catch (error) {
      failed = error;
    }
    if (failed instanceof Missing) {
      t.skip(failed.message);
      failed = undefined;
    }
    if (failed) world.showLogs();
    try {
      await world.close();
    } catch (error) {
      if (!failed) world.showLogs();
      failed ??= error;
    }
    if (failed) throw failed;
  });
}
