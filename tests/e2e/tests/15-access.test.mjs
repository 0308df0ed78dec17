// Who may do what, in a real browser and out of it: the first admin, signing in and out, a viewer of some cameras, pages
// of other origins, tokens, and embedding with a view token.

import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import WebSocket from "ws";
import { violations } from "../lib/axe.mjs";
import { openPage, untilDecoded } from "../lib/browser.mjs";
import { servePages } from "../lib/pages.mjs";
import { clip } from "../lib/paths.mjs";
import { run } from "../lib/razz.mjs";
import { scenario } from "../lib/scenario.mjs";
import { until } from "../lib/wait.mjs";

const ADMIN = "an admin's password";
const VIEWER = "a viewer's password";
const OURS = { "x-razz-request": "1" };
const JSON_BODY = { "content-type": "application/json" };

/** razz with two cameras and access control, and the token of its set-up link. */
async function guarded(world, access = {}, options = {}) {
  const camera = await world.camera({ one: `clip:${clip("street")}`, two: `clip:${clip("street")}` });
  const razz = await world.serve({
    access: { mode: "on", ...access },
    detector: { model: "demo", classes: [] },
    camera: [
      { id: 1, name: "Gate", url: camera.url("one"), detect_fps: 2 },
      { id: 2, name: "Vault", url: camera.url("two"), detect_fps: 2 },
    ],
  }, options);
  return { razz, link: await razz.setUpLink() };
}

const post = (razz, route, body, headers = {}) =>
  fetch(razz.at(route), { method: "POST", headers: { ...JSON_BODY, ...headers }, body: JSON.stringify(body) });

/** Signs in without a browser; answers the headers that a browser would send from then on. */
async function signIn(razz, name, password) {
  const response = await post(razz, "/api/sign-in", { name, password });
  assert.equal(response.status, 204, await response.text());
  const cookie = response.headers.get("set-cookie");
  assert.match(cookie, /^razz_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=\d+$/);
  return { cookie: cookie.split(";")[0], ...OURS };
}

/** The first admin, made without a browser. */
async function setUp(razz, link) {
  const response = await post(razz, "/api/set-up", { token: link.split("#")[1], name: "admin", password: ADMIN });
  assert.equal(response.status, 204, await response.text());
  return signIn(razz, "admin", ADMIN);
}

async function addViewer(razz, admin) {
  const response = await post(razz, "/api/users", { name: "guard", role: "viewer", cameras: [1], password: VIEWER }, admin);
  assert.equal(response.status, 201, await response.text());
}

const typeOf = async (response) => ((await response.json()).type ?? "").replace("urn:razz:problem:", "");

const fill = async (page, label, text) => page.getByLabel(label, { exact: true }).fill(text);

scenario("the first admin, signing in and out, and a viewer of one camera, in a browser", { browser: true, seconds: 180 }, async (world) => {
  const { razz, link } = await guarded(world);
  const shows = (page, words, seconds = 15) =>
    until(`the page to show ${words}`, async () => words.test(await page.evaluate(() => document.body.innerText)), { seconds });

  // The app leads to the sign-in, which says that there is nobody yet.
  const page = await world.page(razz.at("/settings.html"));
  await page.waitForURL(/sign-in\.html\?next=/);
  await shows(page, /nobody to sign in yet/);

  // The link makes the first admin, once.
  await page.goto(razz.at(`/set-up.html#${link.split("#")[1]}`), { waitUntil: "domcontentloaded" });
  assert.deepEqual(await violations(page), []);
  await fill(page, "Name", "admin");
  await fill(page, "Password", "short");
  await fill(page, "Password, once more", "short");
  await page.getByRole("button", { name: "Make the admin" }).click();
  await shows(page, /10 characters at least/);
  await fill(page, "Password", ADMIN);
  await fill(page, "Password, once more", ADMIN);
  await page.getByRole("button", { name: "Make the admin" }).click();
  await page.waitForURL(razz.at("/"));
  await untilDecoded(page, 30);
  assert.equal(await page.evaluate(() => document.cookie), "", "no script reads the cookie");
  assert.equal(statSync(path.join(world.folder, "razz.users.json")).mode & 0o777, 0o600);
  const again = await post(razz, "/api/set-up", { token: link.split("#")[1], name: "other", password: ADMIN });
  assert.equal(again.status, 403);

  // A viewer of camera 1, made on the settings page.
  await page.goto(razz.at("/settings.html"), { waitUntil: "domcontentloaded" });
  await page.getByRole("button", { name: "Add a user" }).click();
  await fill(page, "Name of the user", "guard");
  const seen = page.getByRole("group", { name: "Cameras", exact: true });
  await seen.getByLabel("all, and those to come").uncheck();
  await seen.getByLabel("Gate").check();
  await fill(page, "Password of the user", VIEWER);
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await shows(page, /guard\s+viewer, Gate/);

  // A token is shown once.
  await page.getByRole("button", { name: "Make a token" }).click();
  await fill(page, "Name of the token", "backup");
  await page.getByRole("button", { name: "Make", exact: true }).click();
  const token = await until("the token", () => page.evaluate(() => document.querySelector("code.token")?.textContent));
  assert.match(token, /^razz_[\w-]{43}$/);
  const bearer = { authorization: `Bearer ${token}` };
  assert.equal((await fetch(razz.at("/api/cameras"), { headers: bearer })).status, 200);
  assert.equal((await fetch(razz.at("/api/users"), { headers: bearer })).status, 403);
  await page.getByRole("button", { name: "Edit guard" }).click();
  assert.deepEqual(await violations(page), []);
  await page.reload({ waitUntil: "domcontentloaded" });
  await shows(page, /backup/);
  assert.ok(!(await page.content()).includes(token));

  // Signed out, the same page leads to the sign-in again; a wrong password is said, and no more than that.
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL(/sign-in\.html/);
  await page.goto(razz.at("/dashboard.html"), { waitUntil: "domcontentloaded" });
  await page.waitForURL(/sign-in\.html\?next=/);
  await fill(page, "Name", "guard");
  await fill(page, "Password", "not the password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await shows(page, /the name or the password is wrong/);
  await fill(page, "Password", VIEWER);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(razz.at("/dashboard.html"));

  // The viewer sees the one camera and learns of no other.
  await shows(page, /Gate/);
  assert.doesNotMatch(await page.content(), /Vault/);
  await page.goto(razz.at("/"), { waitUntil: "domcontentloaded" });
  await untilDecoded(page, 30);
  assert.equal(await page.evaluate(() => document.querySelectorAll("razz-player").length), 1);
  const asked = await page.evaluate(async () => {
    const status = async (route, options) => (await fetch(route, options)).status;
    const sdp = { method: "POST", headers: { "content-type": "application/sdp", "x-razz-request": "1" }, body: "v=0" };
    const socket = new WebSocket(`ws://${location.host}/ws/tracking/2`);
    const opened = await new Promise((done) => {
      socket.onopen = () => done(true);
      socket.onerror = () => done(false);
    });
    return {
      list: (await (await fetch("/api/cameras")).json()).map((camera) => camera.id),
      stats: Object.keys((await (await fetch("/api/stats")).json()).cameras),
      others: await Promise.all(["", "/status", "/tracks", "/snapshot.jpg"].map((part) => status(`/api/cameras/2${part}`))),
      whep: await status("/whep/2", sdp),
      users: await status("/api/users"),
      opened,
    };
  });
  assert.deepEqual(asked, { list: [1], stats: ["1"], others: [404, 404, 404, 404], whep: 404, users: 403, opened: false });
  await page.goto(razz.at("/settings.html"), { waitUntil: "domcontentloaded" });
  await shows(page, /an admin changes them/);
  assert.equal(await page.getByRole("button", { name: "Add a camera" }).count(), 0);

  // Their own password: changed, and still signed in here.
  await fill(page, "The one you have", VIEWER);
  await fill(page, "The one you want", `${VIEWER}, another`);
  await page.getByRole("button", { name: "Change" }).click();
  await shows(page, /You are signed out everywhere else/);
  assert.equal((await page.evaluate(() => fetch("/api/me").then((me) => me.json()))).name, "guard");
});

scenario("an admin makes a view token on the settings page, and what is copied there shows the camera", { browser: true }, async (world) => {
  const { razz, link } = await guarded(world);
  await setUp(razz, link);
  const page = await world.page(razz.at("/sign-in.html?next=/settings.html"));
  await fill(page, "Name", "admin");
  await fill(page, "Password", ADMIN);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(razz.at("/settings.html"));
  await page.getByRole("button", { name: "Make a view token" }).click();
  await until("the word on cameras", () => page.getByText("Choose one camera at least.").count());
  await page.getByRole("group", { name: "Cameras to show" }).getByLabel("Gate").check();
  await page.getByLabel("Watching may begin within").selectOption("5 minutes");
  await page.getByRole("button", { name: "Make a view token" }).click();
  const shown = () => page.evaluate(() => [...document.querySelectorAll("pre.token")].map((lines) => lines.textContent));
  const [player, frame] = await until("the lines to paste", async () => {
    const lines = await shown();
    return lines.length === 2 && lines;
  });
  assert.deepEqual(await violations(page), []);
  await page.getByRole("button", { name: "Copy: For a page behind" }).click();
  await until("the word on copying", () => page.getByText(/^(Copied|Selected: press Ctrl\+C)$/).count());
  const [, token] = /token="(view\.[\w.-]+)"/.exec(player);
  assert.ok(frame.includes(`/stream/player/camera1?token=${token}`), frame);
  const { c, e } = JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
  assert.deepEqual(c, [1]);
  assert.ok(Math.abs(e - Date.now() / 1000 - 300) < 60, `it ends in ${e - Date.now() / 1000} s`);

  // Somebody without an account, on a page with these very lines.
  const stranger = await openPage(world.browser, razz.at("/sign-in.html"), {});
  await stranger.evaluate(async (html) => {
    document.body.innerHTML = html;
    await import("/player.js");
    document.querySelector("razz-player").style.cssText = "display: block; width: 640px";
  }, player);
  await untilDecoded(stranger, 30);
  assert.ok(!(await shown()).join("").includes("Vault"));
  assert.ok(!razz.log.join("\n").includes(token));
});

scenario("a page of another origin gets nothing by the cookie", { browser: true }, async (world) => {
  const { razz, link } = await guarded(world);
  const admin = await setUp(razz, link);
  const page = await world.page(razz.at("/sign-in.html"));
  await fill(page, "Name", "admin");
  await fill(page, "Password", ADMIN);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(razz.at("/"));

  // Another port of the same host: the same site, so the browser does send the cookie.
  const pages = world.keep(await servePages());
  const evil = await page.context().newPage();
  await evil.goto(pages.url("rtsptowebrtc.html"), { waitUntil: "domcontentloaded" });
  const got = await evil.evaluate(async ({ app, compat }) => {
    const failed = async (work) => {
      try {
        const response = await work();
        return response.type === "opaque" ? "opaque" : response.status;
      } catch {
        return "refused";
      }
    };
    const form = new URLSearchParams({ name: "evil", role: "admin" });
    const plain = { method: "POST", mode: "no-cors", credentials: "include", body: form };
    const json = { method: "POST", credentials: "include", headers: { "content-type": "application/json" }, body: '{"name":"evil","role":"admin"}' };
    const text = { ...plain, headers: { "content-type": "text/plain" }, body: '{"name":"evil","role":"admin"}' };
    const socket = new WebSocket(`ws://${app}/ws/tracking/1`);
    const opened = await new Promise((done) => {
      socket.onopen = () => done(true);
      socket.onerror = () => done(false);
    });
    return {
      read: await failed(() => fetch(`http://${app}/api/users`, { credentials: "include" })),
      json: await failed(() => fetch(`http://${app}/api/users`, json)),
      form: await failed(() => fetch(`http://${app}/api/users`, plain)),
      text: await failed(() => fetch(`http://${app}/api/users`, text)),
      signOut: await failed(() => fetch(`http://${app}/api/sign-out`, plain)),
      stream: await failed(() => fetch(`http://${compat}/stream/codec/camera1`)),
      streamWithCookie: await failed(() => fetch(`http://${compat}/stream/codec/camera1`, { credentials: "include" })),
      opened,
    };
  }, { app: razz.addresses.listen, compat: razz.addresses.compat_listen });
  assert.deepEqual(got, {
    read: "refused",
    json: "refused",
    form: "refused", // its answer is of no use to the page either (Cross-Origin-Resource-Policy)
    text: "refused",
    signOut: "refused",
    stream: 401,
    streamWithCookie: "refused",
    opened: false,
  });
  const users = await (await fetch(razz.at("/api/users"), { headers: admin })).json();
  assert.deepEqual(users.map((user) => user.name), ["admin"], "nothing was changed");
  assert.equal((await page.evaluate(() => fetch("/api/me").then((me) => me.json()))).name, "admin", "and nobody signed out");
});

scenario("signing in is limited, and a new password ends what the old one opened", {}, async (world) => {
  const { razz, link } = await guarded(world);
  const admin = await setUp(razz, link);
  await addViewer(razz, admin);
  const guard = await signIn(razz, "guard", VIEWER);
  const open = (headers) => new Promise((done) => {
    const socket = world.keep(new WebSocket(`ws://${razz.addresses.listen}/ws/tracking/1`, { headers }));
    socket.on("open", () => done(socket)).on("unexpected-response", (_, response) => done(response.statusCode)).on("error", () => {});
  });
  assert.equal(await open({}), 401);
  const socket = await open(guard);
  const closed = new Promise((done) => socket.on("close", done));

  const changed = await fetch(razz.at("/api/users/guard"), { method: "PUT", headers: { ...JSON_BODY, ...admin }, body: '{"password":"a third password"}' });
  assert.equal(changed.status, 200, await changed.text());
  assert.equal((await fetch(razz.at("/api/cameras"), { headers: guard })).status, 401);
  await closed; // within the 10 s between two looks
  assert.equal(await open(guard), 401);

  let limited;
  for (let n = 0; n < 12 && !limited; n += 1) {
    const response = await post(razz, "/api/sign-in", { name: "guard", password: `guess ${n}` });
    if (response.status === 429) limited = response;
    else assert.equal(response.status, 401);
  }
  assert.ok(limited, "guesses go on for ever");
  assert.ok(Number(limited.headers.get("retry-after")) >= 1);
  assert.equal(await typeOf(limited), "too-many-tries");
  assert.equal((await post(razz, "/api/sign-in", { name: "guard", password: "a third password" })).status, 429, "not even the right one");
  assert.equal((await fetch(razz.at("/api/cameras"), { headers: admin })).status, 200, "who is signed in stays so");

  // The command line lets a locked-out admin back in.
  const config = path.join(world.folder, "razz.toml");
  const listed = await run(["users", "list", "--config", config]);
  assert.match(listed.log, /admin \(admin, all cameras\)[\s\S]*guard \(viewer, cameras 1\)/);
  assert.equal((await run(["users", "remove", "guard", "--config", config])).code, 0);
  await until("the server to notice", async () => {
    const users = await (await fetch(razz.at("/api/users"), { headers: admin })).json();
    return users.length === 1;
  }, { seconds: 15 });

  // Neither the log nor the users file holds a password or a token.
  const held = readFileSync(path.join(world.folder, "razz.users.json"), "utf8") + razz.log.filter((line) => line.trim() !== link).join("\n");
  for (const secret of [ADMIN, VIEWER, "a third password", admin.cookie.split("=")[1], guard.cookie.split("=")[1], link.split("#")[1]]) {
    assert.ok(!held.includes(secret), "a secret shows");
  }
});

scenario("a view token plays its camera, and opens nothing else", { browser: true }, async (world) => {
  const { razz, link } = await guarded(world, {}, { env: { RUST_LOG: "trace" } });
  const admin = await setUp(razz, link);
  const made = await post(razz, "/api/tokens", { name: "portal", role: "viewer", cameras: [1], days: 1 }, admin);
  const portal = { authorization: `Bearer ${(await made.json()).token}` };
  assert.equal((await post(razz, "/api/view-tokens", { cameras: [2] }, portal)).status, 403, "no more than the token sees");
  const issued = await post(razz, "/api/view-tokens", { cameras: [1], seconds: 600 }, portal);
  assert.equal(issued.status, 201);
  const { token, expires } = await issued.json();
  assert.ok(Math.abs(expires - Date.now() / 1000 - 600) < 30);

  // The player, on a page that nobody is signed in on.
  const page = await world.page(razz.at("/sign-in.html"));
  await page.evaluate(async (token) => {
    await import("/player.js");
    document.body.innerHTML = `<razz-player camera="1" token="${token}" style="display: block; width: 640px"></razz-player>`;
  }, token);
  await untilDecoded(page, 60);
  await until("tracks in the player", () => page.evaluate(() => document.querySelector("razz-player").frame?.tracksRtpTimestamp != null), { seconds: 30 });
  // RTSPtoWebRTC's viewer, embedded with the token in its address.
  const old = await openPage(world.browser, `${razz.compat("/stream/player/camera1")}?token=${token}`, {});
  await untilDecoded(old, 30);
  const other = await fetch(`${razz.compat("/stream/codec/camera2")}?token=${token}`);
  assert.deepEqual([other.status, await other.text()], [200, ""]);
  assert.equal((await fetch(razz.compat("/stream/codec/camera1"))).status, 401);

  const bearer = { authorization: `Bearer ${token}` };
  for (const [route, status] of [
    ["/api/cameras/1/status", 200],
    ["/api/cameras/1/tracks", 200],
    ["/api/cameras/2/status", 404],
    ["/api/cameras/1", 403],
    ["/api/cameras", 403],
    ["/api/stats", 403],
    ["/metrics", 403],
    ["/api/users", 403],
  ]) {
    assert.equal((await fetch(razz.at(route), { headers: bearer })).status, status, route);
    assert.equal((await fetch(razz.at(`${route}?token=${token}`))).status, status, `${route}?token=`);
  }
  const forged = token.replace(/.$/, (last) => (last === "A" ? "Q" : "A"));
  assert.equal((await fetch(razz.at(`/api/cameras/1/status?token=${forged}`))).status, 401);

  // The end of the token that vouches for it ends what it opened.
  const [{ id }] = await (await fetch(razz.at("/api/tokens"), { headers: admin })).json();
  const ended = await fetch(razz.at(`/api/tokens/${id}`), { method: "DELETE", headers: admin });
  assert.equal(ended.status, 204);
  assert.equal((await fetch(razz.at("/api/cameras/1/status"), { headers: bearer })).status, 401);
  await until("the viewers to be sent away", async () => {
    const status = await (await fetch(razz.at("/api/cameras/1/status"), { headers: admin })).json();
    return status.viewers === 0;
  }, { seconds: 20 });
  const log = razz.log.join("\n");
  for (const secret of [token, token.split(".")[2], portal.authorization.split(" ")[1], admin.cookie.split("=")[1], ADMIN]) {
    const at = log.indexOf(secret);
    assert.equal(at, -1, `the log shows a secret: ${log.slice(Math.max(0, at - 200), at)}…`);
  }
  assert.ok(razz.log.length > 100, "the log was really at its most talkative");
});

scenario("open networks watch without signing in, and change nothing", { browser: true }, async (world) => {
  const { razz } = await guarded(world, { open_networks: ["127.0.0.0/8"] });
  const pages = world.keep(await servePages());
  const { compat_listen: video, listen: tracks } = razz.addresses;
  const page = await world.page(pages.url(`tracking.html?camera=1&video=${video}&tracks=${tracks}`));
  await untilDecoded(page, 60);
  await until("messages", () => page.evaluate(() => window.received >= 3), { seconds: 20 });
  const app = await openPage(world.browser, razz.at("/"), {});
  await untilDecoded(app, 30);
  await until("the way to sign in", () => app.evaluate(() => /Sign in/.test(document.querySelector("header").innerText)));
  const refused = await fetch(razz.at("/api/cameras/1"), { method: "DELETE" });
  assert.deepEqual([refused.status, await typeOf(refused)], [403, "forbidden"]);
  assert.equal((await fetch(razz.at("/api/users"))).status, 403);
});
