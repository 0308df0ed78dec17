// What a break-in tried, against the real binary and in a real browser: pages of other sites where nobody signs in, secrets
// asked for by reference, blind dialling, crowds of connections and of sessions that never connect, the set-up link.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, statSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import path from "node:path";
import { chromium } from "playwright-core";
import { FLAGS, goTo, openPage, untilDecoded } from "../lib/browser.mjs";
import { servePages } from "../lib/pages.mjs";
import { clip, CHROMIUM, ROOT } from "../lib/paths.mjs";
import { run } from "../lib/razz.mjs";
import { scenario } from "../lib/scenario.mjs";
import { until } from "../lib/wait.mjs";

const OFFER = readFileSync(path.join(ROOT, "fuzz/corpus/offer/chromium-recvonly"), "latin1");
const PASSWORD = "an admin's password";
const EVIL = "evil.example";

/** A Chromium to which `names` lead to this machine. */
async function browserWith(world, names) {
  const rules = names.map((name) => `MAP ${name} 127.0.0.1`).join(", ");
  return world.keep(await chromium.launch({ executablePath: CHROMIUM, headless: true, args: [...FLAGS, `--host-resolver-rules=${rules}`] }));
}

/** The tests' pages as the site `name` has them. */
const at = (pages, name, file) => pages.url(file).replace("127.0.0.1", name);

const portOf = (address) => address.split(":").at(-1);

/** Whether a page of the site can read an answer, and whether it gets the tracks. */
const reads = (page, { video, tracks }) => page.evaluate(async ({ video, tracks }) => {
  const read = async (url, options) => {
    try {
      return (await fetch(url, options)).status;
    } catch {
      return "refused";
    }
  };
  const socket = new WebSocket(`ws://${tracks}/ws/tracking/1`);
  const opened = await new Promise((done) => {
    socket.onopen = () => done(true);
    socket.onerror = () => done(false);
  });
  socket.close();
  const form = new URLSearchParams({ suuid: "camera1", data: btoa("v=0\r\n") });
  return {
    opened,
    codec: await read(`http://${video}/stream/codec/camera1`),
    receiver: await read(`http://${video}/stream/receiver/camera1`, { method: "POST", body: form }),
    list: await read(`http://${tracks}/api/cameras`),
  };
}, { video, tracks });

scenario("a page of another site watches only where that is wanted, in a browser", { browser: true, seconds: 180 }, async (world) => {
  const camera = await world.camera({ one: `clip:${clip("street")}` });
  const pages = world.keep(await servePages());
  const friend = at(pages, "friend.example", "").replace(/\/$/, "");
  const cameras = [{ id: 1, url: camera.url("one"), detect_fps: 0 }];
  const closed = await world.serve({ compat: { origins: [friend] }, camera: cameras });
  await closed.untilState(1, "online");
  const browser = await browserWith(world, [EVIL, "friend.example"]);
  const addresses = { video: closed.addresses.compat_listen, tracks: closed.addresses.listen };
  const old = (name, { video } = addresses) => at(pages, name, `rtsptowebrtc.html?server=${video}&stream=camera1`);

  // A website in the browser of whoever sits at this machine: nothing, neither by fetch nor by WebSocket.
  const evil = await openPage(browser, at(pages, EVIL, "frame.html"));
  assert.deepEqual(await reads(evil, addresses), { opened: false, codec: "refused", receiver: "refused", list: "refused" });
  await goTo(evil, old(EVIL));
  await until("the old page to fail", () => evil.evaluate(() => window.codecs === undefined && document.readyState === "complete"));
  assert.equal(await evil.evaluate(() => window.answer), undefined);

  // By a name of its own for razz (rebinding) the player's page comes, and plays nothing.
  await goTo(evil, `http://${EVIL}:${portOf(addresses.video)}/stream/player/camera1`);
  const refused = await evil.evaluate(async (offer) => {
    const form = new URLSearchParams({ suuid: "camera1", data: btoa(offer) });
    const response = await fetch("/stream/receiver/camera1", { method: "POST", body: form });
    return { status: response.status, body: await response.text() };
  }, OFFER);
  assert.equal(refused.status, 403);
  assert.match(refused.body, /cross-origin.*`origins` in \[compat\]|`origins` in \[compat\].*cross-origin/s);

  // In a frame of its own neither.
  const framed = async (name, src) => {
    const page = await openPage(browser, at(pages, name, `frame.html?src=${encodeURIComponent(src)}`));
    const frame = await until("the frame", () => page.frames().find((frame) => frame !== page.mainFrame() && frame.url() !== "about:blank" && frame.url() !== ""));
    await frame.waitForLoadState("domcontentloaded");
    const shown = frame.url() === src;
    await page.close();
    return shown;
  };
  const player = closed.compat("/stream/player/camera1");
  assert.deepEqual([await framed(EVIL, player), await framed("friend.example", player), await framed("localhost", player)], [false, true, true]);

  // A listed site, and old pages of this machine, watch as they always did.
  for (const name of ["friend.example", "localhost", "127.0.0.1"]) {
    const page = await openPage(browser, old(name));
    await untilDecoded(page, 10, 30);
    assert.equal((await reads(page, addresses)).opened, true, name);
    await page.close();
  }

  // Where access is open on purpose, pages come from anywhere, until somebody says from where.
  const open = await world.serve({ server: { listen: "0.0.0.0:0", compat_listen: "0.0.0.0:0" }, camera: cameras }, { args: ["--open"] });
  const here = (address) => address.replace("0.0.0.0", "127.0.0.1");
  const there = { video: here(open.addresses.compat_listen), tracks: here(open.addresses.listen) };
  const page = await openPage(browser, old(EVIL, there));
  await untilDecoded(page, 10, 30);
  assert.deepEqual(await reads(page, there), { opened: true, codec: 200, receiver: 200, list: "refused" });
});

scenario("no secret of this machine goes to a host that a client names", {}, async (world) => {
  let connections = 0;
  const trap = net.createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  trap.listen(0, "127.0.0.1");
  await once(trap, "listening");
  world.keep(trap);
  const url = `rtsp://127.0.0.1:${trap.address().port}/x`;
  const razz = await world.serve({ camera: [{ id: 1, url: "rtsp://127.0.0.1:9/a", username: "u", password: "env:DOORS_PASSWORD", detect_fps: 0 }] }, {
    env: { DOORS_PASSWORD: "hunter2hunter2", DOORS_OTHER: "hunter3hunter3" },
  });
  for (const [key, text] of [["username", "env:DOORS_OTHER"], ["password", "env:DOORS_OTHER"], ["password", "env:NOT_SET"], ["password", "credential:camera"], ["url", "env:DOORS_OTHER"]]) {
    for (const [method, route] of [["POST", "/api/cameras/test"], ["POST", "/api/cameras"], ["PUT", "/api/cameras/1"]]) {
      const body = { url, username: "u", password: "p", [key]: text };
      const answer = await fetch(razz.at(route), { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
      const problem = await answer.json();
      assert.equal(answer.status, 422, `${method} ${route} ${key} ${text}: ${JSON.stringify(problem)}`);
      assert.equal(problem.errors[0].key, key);
      assert.doesNotMatch(JSON.stringify(problem), /hunter|not set/);
    }
  }
  assert.equal(connections, 0, "nobody was connected to");
  // Another address forgets what was stored, the reference in the file included.
  const moved = await fetch(razz.at("/api/cameras/1"), { method: "PUT", headers: { "content-type": "application/json" }, body: JSON.stringify({ url }) });
  assert.equal(moved.status, 200, await moved.text());
  assert.doesNotMatch(readFileSync(path.join(world.folder, "razz.toml"), "utf8"), /DOORS|username|password/);
});

scenario("nobody is dialled for an offer that is none, or for a page of another site", {}, async (world) => {
  const callers = [];
  const trap = net.createServer((socket) => {
    callers.push(socket);
    socket.on("error", () => {});
  });
  trap.listen(0, "127.0.0.1");
  await once(trap, "listening");
  world.keep({ close: () => { callers.forEach((socket) => socket.destroy()); trap.close(); } });
  const razz = await world.serve({ compat: { allow_adhoc: true }, camera: [] });
  const post = (offer, headers = {}, name = "x") => fetch(razz.compat("/stream"), {
    method: "POST",
    headers,
    body: new URLSearchParams({ url: `rtsp://127.0.0.1:${trap.address().port}/${name}`, sdp64: Buffer.from(offer, "latin1").toString("base64") }),
  });
  for (const [offer, headers, status] of [
    ["", {}, 400],
    ["v=0\r\n", {}, 400],
    [OFFER, { origin: "https://evil.example" }, 403],
    [OFFER, { origin: "null" }, 403],
  ]) {
    assert.equal((await post(offer, headers)).status, status, JSON.stringify({ offer: offer.slice(0, 9), headers }));
  }
  assert.equal(callers.length, 0);
  // A good one is answered, and a second waits until the first has come about: the trap never answers.
  assert.equal((await post(OFFER)).status, 200);
  await until("the dial", () => callers.length === 1);
  const second = post(OFFER, {}, "y");
  const early = await Promise.race([second.then(() => "second"), new Promise((done) => setTimeout(done, 1500, "waits"))]);
  assert.equal(early, "waits");
  assert.equal(callers.length, 1, "one at a time");
  callers[0].destroy();
  assert.equal((await second).status, 200);
});

/** Holds `count` idle connections from each of `addresses`, opening new ones for those that are closed, until it is closed. */
function crowd(address, addresses, count) {
  const [host, port] = address.split(":");
  const held = new Set();
  const state = { open: true, held, opened: 0, ended: 0, failed: 0 };
  const connect = (from) => {
    if (!state.open) return;
    const socket = net.connect({ host, port: Number(port), localAddress: from });
    held.add(socket);
    let connected = false;
    socket.on("connect", () => { connected = true; state.opened += 1; });
    socket.on("error", () => {});
    socket.on("close", () => {
      held.delete(socket);
      state[connected ? "ended" : "failed"] += 1;
      // A little later: what is counted here is held connections, not how fast they come.
      if (state.open) setTimeout(connect, 300, from);
    });
    socket.resume();
  };
  for (const from of addresses) for (let n = 0; n < count; n += 1) connect(from);
  state.close = () => {
    state.open = false;
    for (const socket of held) socket.destroy();
  };
  return state;
}

/** The first admin of a razz where clients sign in. */
async function admin(razz) {
  const token = (await razz.setUpLink()).split("#")[1];
  const made = await fetch(razz.at("/api/set-up"), {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ token, name: "admin", password: PASSWORD }),
  });
  assert.equal(made.status, 204, await made.text());
  return { cookie: made.headers.get("set-cookie").split(";")[0], "x-razz-request": "1" };
}

/** One request on a connection of its own; answers its status and how long it took in ms. */
async function timed(address, route, { method = "GET", headers = {}, body } = {}) {
  const [host, port] = address.split(":");
  const begun = performance.now();
  const request = http.request({ host, port: Number(port), path: route, method, headers, agent: false });
  request.end(body);
  const [response] = await once(request, "response");
  response.resume();
  await once(response, "end");
  return { status: response.statusCode, ms: performance.now() - begun };
}

/** Files that a process started from here may open. */
const openFiles = () => Number(execFileSync("bash", ["-c", "ulimit -Hn"]).toString().trim().replace("unlimited", "1000000"));

scenario("5,000 idle connections, while 20 watch and others sign in", { seconds: 180 }, async (world) => {
  if (openFiles() < 8000) {
    world.t.skip(`only ${openFiles()} open files are allowed here`);
    return;
  }
  const camera = await world.camera({ one: `clip:${clip("street")}` });
  // As shells and containers begin: 1,024 files.
  const razz = await world.serve({
    server: { connections: 3000 },
    access: { mode: "on", open_networks: ["127.0.0.1"] },
    camera: [{ id: 1, url: camera.url("one"), detect_fps: 0 }],
  }, { files: 1024 });
  const cookie = await admin(razz);
  await until("the camera", async () => (await (await fetch(razz.at("/api/cameras/1/status"), { headers: cookie })).json()).state === "online");
  // 25 addresses with 200 each, within the bound of one address; the server takes 3,000 in all.
  const addresses = Array.from({ length: 25 }, (_, n) => `127.0.1.${n + 1}`);
  const flood = world.keep(crowd(razz.addresses.listen, addresses, 200));
  await until("5,000 connections to have been opened", () => flood.opened >= 5000, { seconds: 30 });
  const viewers = run(["bench", "viewers", "--whep", razz.at("/whep/1"), "-n", "20", "--seconds", "15", "--json"], { seconds: 90 });
  let watching = true;
  viewers.finally(() => { watching = false; }).catch(() => {});
  const json = { "content-type": "application/json" };
  const slowest = {};
  let rounds = 0;
  let sum = 0;
  while (watching) {
    for (const [what, route, options, status] of [
      ["health", "/healthz", {}, 200],
      ["API", "/api/stats", { headers: cookie }, 200],
      ["sign-in", "/api/sign-in", { method: "POST", headers: json, body: JSON.stringify({ name: "admin", password: PASSWORD }) }, 204],
    ]) {
      const answer = await timed(razz.addresses.listen, route, options);
      assert.equal(answer.status, status, what);
      slowest[what] = Math.max(slowest[what] ?? 0, answer.ms);
    }
    rounds += 1;
    sum += flood.held.size;
    await new Promise((done) => setTimeout(done, 250));
  }
  const { code, log } = await viewers;
  assert.equal(code, 0, log);
  const report = JSON.parse(log.trim().split("\n").at(-1));
  const files = /^Max open files\s+(\d+)\s+(\d+)/m.exec(readFileSync(`/proc/${razz.process.pid}/limits`, "latin1"));
  const times = Object.entries(slowest).map(([what, ms]) => `${what} ${ms.toFixed(0)}`).join(", ");
  const held = sum / rounds;
  world.tell(`${flood.opened} opened, ${held.toFixed(0)} held; ${rounds} rounds, ms at most: ${times}; ${JSON.stringify(report)}`);
  // Each is closed after 10 s, or for others to come in, and opened anew.
  assert.ok(held > 1500, `${held} connections were held`);
  assert.equal(files[1], files[2], "as many files are open as may be");
  assert.equal(report.joined, 20);
  for (const [what, ms] of Object.entries(slowest)) assert.ok(ms < 3000, `${what}: ${ms} ms`);
});

scenario("200 half-made sessions by one token, while others join", { seconds: 120 }, async (world) => {
  const camera = await world.camera({ one: `clip:${clip("street")}` });
  const razz = await world.serve({ access: { mode: "on", open_networks: ["127.0.0.1"] }, camera: [{ id: 1, url: camera.url("one"), detect_fps: 0 }] });
  const cookie = await admin(razz);
  await until("the camera", async () => (await (await fetch(razz.at("/api/cameras/1/status"), { headers: cookie })).json()).state === "online");
  const made = await fetch(razz.at("/api/view-tokens"), { method: "POST", headers: { ...cookie, "content-type": "application/json" }, body: '{"cameras": [1]}' });
  const { token } = await made.json();
  const statuses = {};
  for (let n = 0; n < 200; n += 1) {
    const answer = await fetch(razz.at("/whep/1"), { method: "POST", headers: { "content-type": "application/sdp", authorization: `Bearer ${token}` }, body: OFFER });
    statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
    const body = await answer.text();
    if (answer.status === 503) assert.match(body, /have not connected yet/);
  }
  assert.deepEqual(statuses, { 201: 32, 503: 168 });
  const { code, log } = await run(["bench", "viewers", "--whep", razz.at("/whep/1"), "-n", "20", "--seconds", "3", "--json"], { seconds: 60 });
  assert.equal(code, 0, log);
  assert.equal(JSON.parse(log.trim().split("\n").at(-1)).joined, 20);
});

scenario("what razz prints where nobody sees it does not make an admin", {}, async (world) => {
  const razz = await world.serve({ access: { mode: "on" }, camera: [] });
  const link = await razz.setUpLink();
  const file = path.join(world.folder, "razz.set-up-link");
  assert.match(link, /^http:\/\/127\.0\.0\.1:\d+\/set-up\.html#[\w-]{43}$/);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.ok(!razz.log.join("\n").includes(link.split("#")[1]), "neither standard output nor the log holds it");
  const cookie = await admin(razz);
  await until("the file to go", () => !existsSync(file));
  for (const name of [".", "..", "-x", "a/b"]) {
    const answer = await fetch(razz.at("/api/users"), {
      method: "POST", headers: { ...cookie, "content-type": "application/json" }, body: JSON.stringify({ name, role: "viewer", password: PASSWORD }),
    });
    assert.equal(answer.status, 422, name);
  }
});

/** What comes back for these bytes until the server closes or is silent for a second. */
async function raw(address, bytes) {
  const [host, port] = address.split(":");
  const socket = net.connect(Number(port), host);
  let said = "";
  let closed = false;
  socket.on("error", () => {});
  socket.on("data", (data) => { said += data.toString("latin1"); });
  socket.on("close", () => { closed = true; });
  await once(socket, "connect");
  socket.write(bytes, "latin1");
  let before = -1;
  await until("the server to have said all", () => {
    const quiet = said.length > 0 && said.length === before;
    before = said.length;
    return quiet || closed;
  }, { every: 700 });
  socket.destroy();
  return { statuses: [...said.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => Number(status)), closed };
}

scenario("one request is one request, however its length is told", {}, async (world) => {
  const razz = await world.serve({ camera: [] });
  const address = razz.addresses.listen;
  const second = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const post = (headers, body) => `POST /api/sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${headers}\r\n${body}`;
  for (const [what, bytes, statuses] of [
    ["two that follow each other", second + second, [200, 200]],
    ["a length, and more behind it", post("Content-Length: 2\r\n", `{}${second}`), [400, 200]],
    ["two lengths", post("Content-Length: 2\r\nContent-Length: 44\r\n", `{}${second}`), [400]],
    ["a list of lengths", post("Content-Length: 2, 44\r\n", `{}${second}`), [400]],
    ["a length with a sign", post("Content-Length: +2\r\n", `{}${second}`), [400]],
    ["a length below nothing", post("Content-Length: -2\r\n", `{}${second}`), [400]],
    ["chunks that are none", post("Transfer-Encoding: chunked\r\n", `zz\r\n${second}`), [400]],
    ["chunks longer than any", post("Transfer-Encoding: chunked\r\n", `fffffffffffffffff\r\n${second}`), [400]],
    ["an encoding that is none", post("Transfer-Encoding: xchunked\r\nContent-Length: 2\r\n", `{}${second}`), [400]],
    ["chunks that are not the last encoding", post("Transfer-Encoding: chunked, identity\r\n", `0\r\n\r\n${second}`), [400]],
    ["a blank before the colon", post("Content-Length : 2\r\n", `{}${second}`), [400]],
    ["a folded line", post("X-A: b\r\n Content-Length: 44\r\nContent-Length: 2\r\n", `{}${second}`), [400]],
    ["a NUL in a header", post("X-A: \0\r\nContent-Length: 2\r\n", `{}${second}`), [400]],
  ]) {
    const answer = await raw(address, bytes);
    assert.deepEqual(answer.statuses, statuses, what);
  }
  // With both, the chunks count, and the connection ends with the answer (RFC 9112 section 6.1).
  const both = await raw(address, post("Content-Length: 44\r\nTransfer-Encoding: chunked\r\n", `2\r\n{}\r\n0\r\n\r\n${second}`));
  assert.deepEqual(both, { statuses: [400], closed: true });
});

scenario("no path leads out of the pages", {}, async (world) => {
  const razz = await world.serve({ camera: [] });
  for (const route of [
    "/../../../../etc/passwd", "/assets/../../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/assets/..%2f..%2fetc%2fpasswd",
    "/..\\..\\etc\\passwd", "//etc/passwd", "/assets//etc/passwd", "/./../razz.toml", "/razz.toml", "/razz.users.json", "/%00", "/assets/%2e%2e%00",
  ]) {
    const [host, port] = razz.addresses.listen.split(":");
    const request = http.get({ host, port: Number(port), path: route, agent: false });
    const [response] = await once(request, "response");
    let body = "";
    for await (const chunk of response) body += chunk;
    assert.ok([400, 404].includes(response.statusCode), `${route}: ${response.statusCode}`);
    assert.doesNotMatch(body, /root:|\[\[camera|\[server/, route);
  }
});

scenario("names and addresses with scripts in them are shown as text, in a browser", { browser: true }, async (world) => {
  const script = "<img src=x onerror=\"window.owned=1\"><script>window.owned=1</script>";
  const razz = await world.serve({ camera: [{ id: 1, name: script, url: "rtsp://127.0.0.1:9/%3Cscript%3Ewindow.owned=1%3C/script%3E", detect_fps: 0 }] });
  const page = await world.page("about:blank");
  for (const route of ["/", "/dashboard.html", "/settings.html", "/troubleshooting.html", "/areas.html?camera=1", "/analytics.html", "/alerts.html", "/camera-viewer.html?camera=1", `/camera-viewer.html?camera=${encodeURIComponent(script)}`, `/sign-in.html?next=${encodeURIComponent("javascript:window.owned=1")}`]) {
    await goTo(page, razz.at(route));
    await until("the page", () => page.evaluate(() => document.readyState === "complete" && document.body.innerText.trim() !== ""), { seconds: 30 });
    if (["/", "/dashboard.html", "/settings.html"].includes(route)) {
      await until(`the name as text on ${route}`, () => page.evaluate((text) => document.body.textContent.includes(text) || [...document.querySelectorAll("*")].some((e) => e.getAttribute("aria-label")?.includes(text) || e.value === text), script), { seconds: 30 });
    }
    assert.equal(await page.evaluate(() => window.owned), undefined, route);
    assert.equal(await page.evaluate(() => document.querySelectorAll("img[src=x]").length), 0, route);
  }
});

scenario("600 WebSockets that say too much, while one listens", { seconds: 120 }, async (world) => {
  const camera = await world.camera({ one: `clip:${clip("street")}` });
  const razz = await world.serve({ camera: [{ id: 1, url: camera.url("one"), detect_fps: 4 }] });
  await razz.untilState(1, "online");
  const [host, port] = razz.addresses.listen.split(":");
  const memory = () => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${razz.process.pid}/status`, "latin1"))[1]) / 1024;
  const before = memory();
  const listener = world.keep(razz.tracks(1));
  const upgrade = `GET /ws/tracking/1?every_frame=1 HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`;
  // A frame that announces a gigabyte, one of 5,000 bytes where 4,096 are the most, a fragment that never ends.
  const frames = [
    Buffer.concat([Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0x40, 0, 0, 0, 1, 2, 3, 4]), Buffer.alloc(65536)]),
    Buffer.concat([Buffer.from([0x81, 0xfe, 0x13, 0x88, 1, 2, 3, 4]), Buffer.alloc(5000)]),
    Buffer.concat(Array.from({ length: 64 }, (_, n) => Buffer.concat([Buffer.from([n === 0 ? 0x01 : 0x00, 0xfe, 0x04, 0x00, 0, 0, 0, 0]), Buffer.alloc(1024, 65)]))),
  ];
  const sockets = Array.from({ length: 600 }, (_, n) => {
    const socket = net.connect({ host, port: Number(port), localAddress: `127.0.2.${1 + n % 4}` });
    socket.on("error", () => {});
    socket.once("connect", () => socket.write(upgrade));
    // It reads the answer, says too much, and reads no more.
    socket.once("data", () => { socket.pause(); socket.write(frames[n % 3]); });
    return socket;
  });
  world.keep({ close: () => sockets.forEach((socket) => socket.destroy()) });
  await listener.opened;
  const seen = listener.messages.length;
  await until("the listener to hear on", () => listener.messages.length > seen + 20, { seconds: 40 });
  assert.ok(sockets.some((socket) => socket.bytesWritten > upgrade.length), "the others have spoken");
  const grown = memory() - before;
  world.tell(`${grown.toFixed(1)} MB more with 600 sockets`);
  assert.ok(grown < 150, `${grown} MB`);
  assert.equal((await fetch(razz.at("/healthz"))).status, 200);
});
