// A real Firefox, driven by WebDriver BiDi (https://w3c.github.io/webdriver-bidi/) over a WebSocket, without a driver
// between: Playwright drives a Firefox of its own only, and not the one that people have.

import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir, networkInterfaces, tmpdir } from "node:os";
import path from "node:path";
import WebSocket from "ws";
import { FIREFOX } from "./paths.mjs";
import { Child } from "./process.mjs";
import { until, within } from "./wait.mjs";

/** Nothing is fetched or told in the background, video plays without a click, and ICE shows addresses as they are. */
const PREFERENCES = {
  "app.normandy.enabled": false,
  "app.update.enabled": false,
  "browser.shell.checkDefaultBrowser": false,
  "browser.startup.homepage_override.mstone": "ignore",
  "datareporting.policy.dataSubmissionEnabled": false,
  "extensions.update.enabled": false,
  "media.autoplay.default": 0,
  "media.gmp-manager.updateEnabled": false,
  "media.peerconnection.ice.loopback": true,
  "media.peerconnection.ice.obfuscate_host_addresses": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "toolkit.telemetry.server": "",
};

/**
 * The folder with the OpenH264 plugin, without which Firefox plays no H.264 over WebRTC, or undefined. Firefox downloads it
 * some minutes after its first start; tests download nothing, and take the one of MOZ_GMP_PATH or of a profile of yours.
 */
export function openH264() {
  if (process.env.MOZ_GMP_PATH) return process.env.MOZ_GMP_PATH;
  const profiles = path.join(homedir(), ".mozilla/firefox");
  if (!existsSync(profiles)) return undefined;
  const folders = readdirSync(profiles).map((profile) => path.join(profiles, profile, "gmp-gmpopenh264")).filter(existsSync);
  return folders.flatMap((folder) => readdirSync(folder).map((version) => path.join(folder, version)))
    .find((folder) => existsSync(path.join(folder, "libgmpopenh264.so")));
}

/** Where Firefox reaches a server of this machine: from a real interface it does not go to 127.0.0.1, if there is one. */
export const reachable = () =>
  Object.values(networkInterfaces()).flat().find(({ family, internal }) => family === "IPv4" && !internal)?.address ?? "127.0.0.1";

/** A Firefox with a profile of its own; `onConsole` hears what its pages write, `plugin` is a folder of `openH264()`. */
export class Firefox {
  static async open({ onConsole = () => {}, plugin } = {}) {
    const firefox = new Firefox();
    firefox.profile = mkdtempSync(path.join(tmpdir(), "razz-firefox-"));
    const lines = Object.entries(PREFERENCES).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`);
    writeFileSync(path.join(firefox.profile, "user.js"), `${lines.join("\n")}\n`);
    firefox.child = new Child("firefox", FIREFOX, [
      "--headless", "--no-remote", "--profile", firefox.profile, "--remote-debugging-port", "0",
    ], { env: { ...process.env, MOZ_GMP_PATH: plugin ?? "" } });
    const words = "WebDriver BiDi listening on ";
    const line = await until("Firefox's address", () => firefox.child.log.find((text) => text.includes(words)), { seconds: 60 });
    firefox.socket = new WebSocket(`${line.split(words)[1].trim()}/session`);
    firefox.calls = new Map();
    firefox.next = 1;
    firefox.socket.on("message", (data) => {
      const message = JSON.parse(data.toString());
      if (message.method === "log.entryAdded") return onConsole(`${message.params.level}: ${message.params.text}`);
      const call = firefox.calls.get(message.id);
      firefox.calls.delete(message.id);
      if (message.type === "error") call?.failed(new Error(`${message.error}: ${message.message}`));
      else call?.done(message.result);
    });
    await within("Firefox's socket", new Promise((done, failed) => firefox.socket.on("open", done).on("error", failed)), 20);
    const { capabilities } = await firefox.send("session.new", { capabilities: {} });
    firefox.version = capabilities.browserVersion;
    await firefox.send("session.subscribe", { events: ["log.entryAdded"] });
    return firefox;
  }

  send(method, params) {
    const id = this.next++;
    this.socket.send(JSON.stringify({ id, method, params }));
    return within(`Firefox's answer to ${method}`, new Promise((done, failed) => this.calls.set(id, { done, failed })), 60);
  }

  /** A tab of 1280x720 at `url`. The load event is not waited for: a video without a frame holds it up. */
  async page(url) {
    const { context } = await this.send("browsingContext.create", { type: "tab" });
    await this.send("browsingContext.setViewport", { context, viewport: { width: 1280, height: 720 }, devicePixelRatio: 1 });
    const page = new Page(this, context);
    await page.goto(url);
    return page;
  }

  async close() {
    this.socket?.close();
    await this.child.kill();
    // Its own processes may still write while they end.
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}

/** One tab. */
class Page {
  constructor(firefox, context) {
    Object.assign(this, { firefox, context });
  }

  goto(url) {
    return this.firefox.send("browsingContext.navigate", { context: this.context, url, wait: "interactive" });
  }

  /** Runs a function in the page, with one argument, and answers what it answers; both as JSON. */
  async evaluate(what, argument) {
    const { type, result, exceptionDetails } = await this.firefox.send("script.callFunction", {
      functionDeclaration: `async (json) => JSON.stringify(await (${what})(...JSON.parse(json))) ?? "null"`,
      arguments: [{ type: "string", value: JSON.stringify(argument === undefined ? [] : [argument]) }],
      target: { context: this.context },
      awaitPromise: true,
      userActivation: true,
    });
    if (type === "exception") throw new Error(exceptionDetails.text);
    return JSON.parse(result.value);
  }
}
