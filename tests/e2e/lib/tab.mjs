// Tabs of a Chromium that nothing but the test touches. Playwright pretends to each of its pages that it is in front; a
// tab here is hidden when another one is, as for a viewer.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import WebSocket from "ws";
import { FLAGS } from "./browser.mjs";
import { CHROMIUM } from "./paths.mjs";
import { Child } from "./process.mjs";
import { until } from "./wait.mjs";

/** A browser with its own profile; `tab(url)` opens a tab in its one window. */
export class Tabs {
  static async open() {
    const tabs = new Tabs();
    tabs.profile = mkdtempSync(path.join(tmpdir(), "razz-tabs-"));
    tabs.child = new Child("chromium", CHROMIUM, [
      ...FLAGS, "--headless", "--remote-debugging-port=0", `--user-data-dir=${tabs.profile}`, "--window-size=1280,800", "about:blank",
    ]);
    const line = await until("the browser's address", () => tabs.child.log.find((text) => text.includes("DevTools listening on ")), { seconds: 30 });
    tabs.socket = new WebSocket(line.split("listening on ")[1].trim());
    tabs.calls = new Map();
    tabs.next = 1;
    tabs.socket.on("message", (data) => {
      const { id, result, error } = JSON.parse(data.toString());
      const call = tabs.calls.get(id);
      tabs.calls.delete(id);
      if (error) call?.failed(new Error(error.message));
      else call?.done(result);
    });
    await new Promise((done, failed) => tabs.socket.on("open", done).on("error", failed));
    return tabs;
  }

  send(method, params = {}, sessionId = undefined) {
    const id = this.next++;
    this.socket.send(JSON.stringify({ id, method, params, sessionId }));
    return new Promise((done, failed) => this.calls.set(id, { done, failed }));
  }

  async tab(url) {
    const { targetId } = await this.send("Target.createTarget", { url });
    const { sessionId } = await this.send("Target.attachToTarget", { targetId, flatten: true });
    return new Tab(this, targetId, sessionId);
  }

  async close() {
    this.socket.close();
    await this.child.kill();
    // Its own processes may still write while they end.
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}

/** One tab, with as much of a page as the tests need. */
class Tab {
  constructor(tabs, targetId, sessionId) {
    Object.assign(this, { tabs, targetId, sessionId });
  }

  send(method, params) {
    return this.tabs.send(method, params, this.sessionId);
  }

  /** Runs a function in the page, with one argument, and answers what it answers. */
  async evaluate(what, argument) {
    const expression = `(${what})(${JSON.stringify(argument) ?? ""})`;
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** Brings it to the front; the one that was there is hidden. */
  front() {
    return this.tabs.send("Target.activateTarget", { targetId: this.targetId });
  }
}
