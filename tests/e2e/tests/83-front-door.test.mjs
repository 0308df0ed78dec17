// The front door: names that are not razz's own, slow and many clients, and what pages of razz and of other sites may do,
// in a real browser where only that shows it.

import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { chromium } from "playwright-core";
import { FLAGS, goTo, openPage, untilDecoded } from "../lib/browser.mjs";
import { servePages } from "../lib/pages.mjs";
import { clip, CHROMIUM } from "../lib/paths.mjs";
import { scenario } from "../lib/scenario.mjs";
import { until } from "../lib/wait.mjs";

/** An answer to a request with the header Host as it is given. */
async function ask(address, route, headers) {
  const [host, port] = address.split(":");
  const request = http.get({ host, port: Number(port), path: route, headers, agent: false });
  const [response] = await once(request, "response");
  let body = "";
  for await (const chunk of response) body += chunk;
  return { status: response.statusCode, headers: response.headers, body };
}

scenario("a page that lets its name lead here learns nothing, in a browser", { browser: true }, async (world) => {
  const camera = await world.camera({ one: `clip:${clip("street")}` });
  const razz = await world.serve({ access: { hosts: ["cameras.example"] }, camera: [{ id: 1, url: camera.url("one"), detect_fps: 0 }] });
  await razz.untilState(1, "online");
  const rules = "MAP evil.example 127.0.0.1, MAP cameras.example 127.0.0.1";
  const browser = world.keep(await chromium.launch({ executablePath: CHROMIUM, headless: true, args: [...FLAGS, `--host-resolver-rules=${rules}`] }));
  const port = razz.addresses.listen.split(":")[1];
  const compat = razz.addresses.compat_listen.split(":")[1];
  const outcome = (page) => page.evaluate(async () => {
    const status = async (route, options) => {
      const response = await fetch(route, options);
      return { status: response.status, body: await response.text() };
    };
    const socket = new WebSocket(`ws://${location.host}/ws/tracking/1`);
    const opened = await new Promise((done) => {
      socket.onopen = () => done(true);
      socket.onerror = () => done(false);
    });
    socket.close();
    const offer = { method: "POST", headers: { "content-type": "application/sdp" }, body: "v=0\r\n" };
    return {
      opened,
      list: await status("/api/cameras"),
      picture: (await status("/api/cameras/1/snapshot.jpg")).status,
      whep: (await status("/whep/1", offer)).status,
      change: (await status("/api/cameras/9", { method: "DELETE" })).status,
    };
  });

  const foreign = await openPage(browser, `http://evil.example:${port}/`);
  const refused = await outcome(foreign);
  assert.equal(refused.list.status, 421);
  assert.match(refused.list.body, /foreign-host/);
  assert.match(refused.list.body, /add \\"evil\.example\\" to `hosts` in \[access\]/);
  assert.deepEqual({ ...refused, list: null }, { opened: false, list: null, picture: 421, whep: 421, change: 421 });

  // Names of the settings, of this machine, and its address play.
  for (const name of ["cameras.example", "razz.localhost", "127.0.0.1"]) {
    const page = await openPage(browser, `http://${name}:${port}/camera-viewer.html?camera=1`);
    await untilDecoded(page, 10, 30);
    await page.close();
  }
  const listed = await openPage(browser, `http://cameras.example:${port}/nowhere`);
  const taken = await outcome(listed);
  assert.deepEqual([taken.opened, taken.list.status, taken.whep, taken.change], [true, 200, 400, 404]);

  // RTSPtoWebRTC's pages go by any name that is razz's, and by another they play nothing (87-doors).
  const old = await openPage(browser, `http://cameras.example:${compat}/stream/player/camera1`);
  await untilDecoded(old, 10, 30);
});

scenario("by which names razz is asked", {}, async (world) => {
  const razz = await world.serve({ camera: [] });
  const { listen, compat_listen: compat } = razz.addresses;
  for (const [host, status] of [
    ["localhost", 200], ["LOCALHOST.:80", 200], ["[::1]:9", 200], ["a.localhost", 200], [listen, 200],
    ["evil.example", 421], ["192.168.1.20", 421], ["localhost.evil.example", 421], ["a b", 400],
  ]) {
    assert.equal((await ask(listen, "/api/cameras", { host })).status, status, host);
  }
  assert.equal((await ask(compat, "/stream/codec/camera1", { host: "evil.example" })).status, 200);

  const open = await world.serve({ server: { listen: "0.0.0.0:0" }, camera: [] }, { args: ["--open"] });
  const here = open.addresses.listen.replace("0.0.0.0", "127.0.0.1");
  for (const [host, status] of [["192.168.1.20:8003", 200], ["[2001:db8::1]", 200], ["evil.example", 421]]) {
    assert.equal((await ask(here, "/api/cameras", { host })).status, status, host);
  }
  // Where clients sign in, there is no cookie for another name.
  const guarded = await world.serve({ access: { mode: "on" }, camera: [] });
  assert.equal((await ask(guarded.addresses.listen, "/api/cameras", { host: "evil.example" })).status, 401);
});

scenario("400 requests whose heads never end are hung up on, and others are answered meanwhile", { seconds: 60 }, async (world) => {
  const razz = await world.serve({ camera: [] });
  const [host, port] = razz.addresses.listen.split(":");
  const begun = Date.now();
  const sockets = Array.from({ length: 400 }, () => net.connect(Number(port), host));
  const ends = sockets.map(async (socket, at) => {
    let said = "";
    socket.on("error", () => {});
    socket.on("data", (data) => { said += data; });
    await once(socket, "connect");
    socket.write(at % 2 === 0 ? "GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: " : "G");
    await once(socket, "close");
    return { after: (Date.now() - begun) / 1000, said };
  });
  let slowest = 0;
  let answers = 0;
  let open = true;
  const all = Promise.all(ends).finally(() => { open = false; });
  while (open) {
    const asked = Date.now();
    assert.equal((await ask(razz.addresses.listen, "/healthz", { host: "localhost" })).status, 200);
    slowest = Math.max(slowest, Date.now() - asked);
    answers += 1;
    await Promise.race([all, new Promise((done) => setTimeout(done, 200))]);
  }
  const closed = await all;
  const last = Math.max(...closed.map(({ after }) => after));
  world.tell(`the last of 400 was closed after ${last.toFixed(1)} s; ${answers} others were answered meanwhile, in ${slowest} ms at most`);
  assert.ok(last < 15, `${last} s`);
  assert.ok(slowest < 2000, `${slowest} ms`);
  for (const { said } of closed) assert.match(said, /^HTTP\/1\.1 408 [^]*urn:razz:problem:too-slow/);
});

scenario("connections of one address are bounded, and other addresses find room", {}, async (world) => {
  const razz = await world.serve({ server: { connections_per_address: 20 }, camera: [] });
  const [host, port] = razz.addresses.listen.split(":");
  const crowd = (from) => net.connect({ port: Number(port), host, localAddress: from });
  const held = Array.from({ length: 20 }, () => crowd("127.0.0.9"));
  await Promise.all(held.map((socket) => once(socket, "connect")));
  for (const socket of held) world.keep({ close: () => socket.destroy() });
  const request = (from) => http.get({ host, port: Number(port), path: "/healthz", localAddress: from, agent: false });
  const [refused] = await once(request("127.0.0.9"), "response");
  assert.deepEqual([refused.statusCode, refused.headers["retry-after"]], [503, "10"]);
  const [answered] = await once(request("127.0.0.1"), "response");
  assert.equal(answered.statusCode, 200);
  held[0].destroy();
  await until("the free place to be taken", async () => {
    const [response] = await once(request("127.0.0.9"), "response");
    response.resume();
    return response.statusCode === 200;
  });
});

/** Runs before a page's scripts: what its policy did not allow. */
function keepViolations() {
  window.refused = [];
  document.addEventListener("securitypolicyviolation", (event) => {
    window.refused.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
  });
}

scenario("no page of razz breaks its own policy", { browser: true, seconds: 180 }, async (world) => {
  const camera = await world.camera({ one: `clip:${clip("street")}` });
  const razz = await world.serve({ camera: [{ id: 1, name: "Gate", url: camera.url("one"), detect_fps: 5 }] });
  await razz.untilState(1, "online");
  const page = await world.page("about:blank");
  await page.addInitScript(keepViolations);
  const errors = [];
  page.on("console", (message) => { if (message.type() === "error") errors.push(`${page.url()}: ${message.text()} ${message.location().url}`); });
  page.on("pageerror", (error) => errors.push(`${page.url()}: ${error.message}`));
  const pages = world.keep(await servePages());
  const { compat_listen: video, listen: tracks } = razz.addresses;
  const shows = (words) => until(`the page to show ${words}`, async () => words.test(await page.evaluate(() => document.body.innerText)), { seconds: 30 });
  for (const [url, ready] of [
    [razz.at("/"), () => untilDecoded(page, 20, 30)],
    [razz.at("/camera-viewer.html?camera=1"), async () => {
      await untilDecoded(page, 20, 30);
      await page.keyboard.press("d");
      // The player's style sheet is in force: its canvas lies over the video.
      await until("the player's style", () => page.evaluate(() => {
        const canvas = document.querySelector("razz-player").shadowRoot.querySelector("#overlay");
        return getComputedStyle(canvas).position === "absolute";
      }));
    }],
    [razz.at("/dashboard.html"), () => shows(/Gate/)],
    [razz.at("/settings.html"), () => shows(/Gate/)],
    [razz.at("/troubleshooting.html"), () => shows(/./)],
    [razz.at("/areas.html"), () => shows(/Gate/)],
    [razz.at("/analytics.html"), () => shows(/./)],
    [razz.at("/alerts.html"), () => shows(/Rules/)],
    [razz.at("/sign-in.html"), () => shows(/./)],
    [razz.compat("/stream/player/camera1"), () => untilDecoded(page, 20, 30)],
    [pages.url(`tracking.html?camera=1&video=${video}&tracks=${tracks}`), () => untilDecoded(page, 20, 30)],
  ]) {
    const response = await page.goto(url, { waitUntil: "domcontentloaded" });
    await ready();
    assert.deepEqual(await page.evaluate(() => window.refused), [], url);
    if (new URL(url).host !== new URL(pages.url("")).host) {
      const policy = response.headers()["content-security-policy"];
      assert.match(policy, /script-src 'self'/, url);
      assert.doesNotMatch(policy, /unsafe/, url);
    }
  }
  assert.deepEqual(errors.filter((line) => !/ \S+\/favicon\.ico$/.test(line)), []);

  // The policy is in force: what it does not name does not run.
  await goTo(page, razz.at("/sign-in.html"));
  const ran = await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "window.ran = true";
    document.body.append(script);
    return window.ran === true;
  });
  assert.equal(ran, false);
  await until("the violation", () => page.evaluate(() => window.refused.length === 1));
});

scenario("other sites show razz only where they are listed", { browser: true, seconds: 180 }, async (world) => {
  const camera = await world.camera({ one: `clip:${clip("street")}` });
  const [friend, stranger] = [world.keep(await servePages()), world.keep(await servePages())];
  const razz = await world.serve({
    access: { embed_origins: [new URL(friend.url("")).origin] },
    camera: [{ id: 1, name: "Gate", url: camera.url("one"), detect_fps: 5 }],
  });
  await razz.untilState(1, "online");
  const address = `http://${razz.addresses.listen}`;
  const framed = async (pages, src) => {
    const page = await world.page(pages.url(`frame.html?src=${encodeURIComponent(src)}`));
    const frame = await until("the frame", () => page.frames().find((frame) => frame !== page.mainFrame() && frame.url() !== "about:blank" && frame.url() !== ""));
    await frame.waitForLoadState("domcontentloaded");
    const shown = frame.url() === src && await frame.evaluate(() => document.title);
    return shown === false ? null : shown;
  };
  assert.notEqual(await framed(friend, razz.at("/camera-viewer.html?camera=1")), null);
  assert.equal(await framed(stranger, razz.at("/camera-viewer.html?camera=1")), null);
  assert.match(world.console.join("\n"), /frame-ancestors/);
  // RTSPtoWebRTC's player is for every page of this machine.
  assert.notEqual(await framed(stranger, razz.compat("/stream/player/camera1")), null);

  // The player on their own page.
  const playing = await world.page(friend.url(`embed.html?razz=${encodeURIComponent(address)}`));
  await untilDecoded(playing, 20, 30);
  const frames = await until("tracks at the player", () => playing.evaluate(() => new Promise((done) => {
    document.querySelector("razz-player").addEventListener("razz-frame", (event) => done(event.detail.tracks.length), { once: true });
  })), { seconds: 60 });
  assert.ok(frames > 0);
  const failing = await world.page(stranger.url(`embed.html?razz=${encodeURIComponent(address)}`));
  await until("the import to fail", () => failing.evaluate(() => /TypeError/.test(window.outcome)));
});
