// Behind real reverse proxies, each with the block that docs/guide/reverse-proxy.md has to paste: at another port, with
// TLS in front, and in a folder that the proxy takes off or leaves on. In a real browser by a name that is no loopback's,
// where over plain HTTP it says nothing of the site.

import assert from "node:assert/strict";
import { chromium } from "playwright-core";
import { FLAGS, goTo, untilDecoded } from "../lib/browser.mjs";
import { servePages } from "../lib/pages.mjs";
import { clip, CHROMIUM } from "../lib/paths.mjs";
import { NAME, nginx, PROXIES } from "../lib/proxy.mjs";
import { scenario } from "../lib/scenario.mjs";
import { until } from "../lib/wait.mjs";

const PASSWORD = "an admin's password";

/** razz with one camera, as the guide has it behind a proxy, and the camera's picture there. */
async function served(world, { server = {}, access = {} }) {
  const camera = await world.camera({ one: `clip:${clip("street")}` });
  const razz = await world.serve({
    // Without RTSPtoWebRTC's pages the WebSocket is for pages of razz alone.
    server: { compat_listen: "", ...server },
    access: { trusted_proxies: ["127.0.0.1"], ...access },
    camera: [{ id: 1, name: "Gate", url: camera.url("one"), detect_fps: 5 }],
  });
  await until("the camera's video", () => /\bonline\b/.test(razz.log.join("\n")), { seconds: 30 });
  return razz;
}

/** A browser to which the guide's name and that of a stranger lead here; a page that notes what it asks for. */
async function browse(world, url) {
  const rules = `MAP ${NAME} 127.0.0.1, MAP evil.example 127.0.0.1`;
  world.browser ??= world.keep(await chromium.launch({ executablePath: CHROMIUM, headless: true, args: [...FLAGS, `--host-resolver-rules=${rules}`] }));
  const page = await world.page("about:blank", { ignoreHTTPSErrors: true });
  page.asked = [];
  page.opened = [];
  page.ended = [];
  page.on("request", (request) => page.asked.push(request.url()));
  page.on("websocket", (socket) => page.asked.push(socket.url()));
  page.on("response", (response) => {
    const method = response.request().method();
    if (method === "POST" && response.url().includes("/whep/")) page.opened.push(response.headers().location);
    if (method === "DELETE") page.ended.push({ url: response.url(), status: response.status() });
  });
  await goTo(page, url);
  return page;
}

/** A camera's page plays, with boxes on the frames; its session is ended by the `Location` that opened it. */
async function plays(page, base) {
  await goTo(page, `${base}camera-viewer.html?camera=1`);
  await untilDecoded(page, 30, 30);
  // The page before this one may have been answered as it was left: the session that plays is the last that was opened.
  const location = page.opened.at(-1);
  await until("boxes on a frame", () => page.evaluate(() => {
    const player = document.querySelector("razz-player");
    const canvas = player?.shadowRoot.querySelector("#overlay");
    if (!player?.frame?.tracks.length || !canvas?.width) return false;
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d");
    copy.drawImage(canvas, 0, 0);
    return copy.getImageData(0, 0, canvas.width, canvas.height).data.some((value, at) => at % 4 === 3 && value > 0);
  }), { seconds: 60 });
  await page.evaluate(() => document.querySelector("razz-player").remove());
  const session = new URL(location, `${base}whep/1`).href;
  await until(() => `the session ${session} to be ended: ${JSON.stringify(page.ended)}`, () => page.ended.some(({ url, status }) => url === session && status === 200));
  assert.ok(session.startsWith(`${base}whep/1/`), session);
  const feed = base.replace(/^http/, "ws");
  assert.ok(page.asked.some((url) => url.startsWith(`${feed}ws/tracking/1`)), `no WebSocket at ${feed}: ${page.asked.join("\n")}`);
}

/** From page to page by the links; nothing is asked for outside of the folder. */
async function walks(page, base) {
  await goTo(page, base);
  await untilDecoded(page, 10, 30);
  for (const [name, file] of [["Analytics", "analytics.html"], ["Alerts", "alerts.html"], ["Dashboard", "dashboard.html"], ["Settings", "settings.html"], ["Troubleshooting", "troubleshooting.html"], ["Live", ""]]) {
    await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name, exact: true }).click();
    await page.waitForURL(base + file, { waitUntil: "domcontentloaded" });
    assert.equal(await page.locator("nav a[aria-current=page]").textContent(), name);
  }
  await page.getByRole("link", { name: "Gate" }).first().waitFor();
  await page.getByRole("link", { name: "Gate" }).first().click();
  await page.waitForURL(`${base}camera-viewer.html?camera=1`, { waitUntil: "domcontentloaded" });
  await untilDecoded(page, 10, 30);
  const own = [base, base.replace(/^http/, "ws"), "blob:", "data:", "about:"];
  const outside = page.asked.filter((url) => !own.some((start) => url.startsWith(start)));
  // Browsers ask for this by themselves where a page names no icon, and first of all.
  assert.deepEqual(outside.filter((url) => !url.endsWith("/favicon.ico")), []);
}

/** The first admin by the link that razz printed, through the proxy; the cookie is as `cookie` says. */
async function signsIn(world, razz, page, base, path) {
  const link = await razz.setUpLink();
  const fill = (label, text) => page.getByLabel(label, { exact: true }).fill(text);
  const cookies = async () => (await page.context().cookies()).map(({ name, path, secure, httpOnly }) => ({ name, path, secure, httpOnly }));
  await goTo(page, `${base}set-up.html#${link.split("#")[1]}`);
  await fill("Name", "admin");
  await fill("Password", PASSWORD);
  await fill("Password, once more", PASSWORD);
  await page.getByRole("button", { name: "Make the admin" }).click();
  await page.waitForURL(base, { waitUntil: "domcontentloaded" });
  assert.deepEqual(await cookies(), [{ name: "razz_session", path, secure: true, httpOnly: true }]);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL(`${base}sign-in.html`, { waitUntil: "domcontentloaded" });
  assert.deepEqual(await cookies(), []);
  // A page leads to the sign-in, and that back to the page.
  await goTo(page, `${base}settings.html?x=1`);
  await page.waitForURL(/sign-in\.html\?next=/);
  assert.ok(page.url().startsWith(`${base}sign-in.html?`), page.url());
  await fill("Name", "admin");
  await fill("Password", PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(`${base}settings.html?x=1`, { waitUntil: "domcontentloaded" });
  world.tell(`signed in at ${base}, cookie for ${path}`);
}

/** What a page of another site gets of razz by a proxy. */
const tries = (page, base) => page.evaluate(async (base) => {
  const socket = new WebSocket(`${base.replace(/^http/, "ws")}ws/tracking/1`);
  const opened = await new Promise((done) => {
    socket.onopen = () => done(true);
    socket.onerror = () => done(false);
  });
  socket.close();
  const status = async (path, options) => (await fetch(base + path, options).catch(() => ({ status: "no answer" }))).status;
  const offer = { method: "POST", headers: { "content-type": "application/sdp" }, body: "v=0\r\n" };
  return { opened, list: await status("api/cameras"), whep: await status("whep/1", offer) };
}, base);

for (const [name, start] of Object.entries(PROXIES)) {
  scenario(`${name} at another port, over plain HTTP`, { browser: true, seconds: 180 }, async (world) => {
    const razz = await served(world, { access: { hosts: [NAME] } });
    const port = await start(world, "another port", razz.addresses.listen);
    const base = `http://${NAME}:${port}/`;
    const page = await browse(world, base);
    await plays(page, base);
    await walks(page, base);

    // A page of another site reads nothing and opens nothing here.
    const pages = world.keep(await servePages());
    const stranger = await browse(world, pages.url("frame.html"));
    assert.deepEqual(await tries(stranger, base), { opened: false, list: "no answer", whep: "no answer" });
    // One that lets its own name lead to the proxy is told that this is no name of razz. nginx has one server alone here,
    // Caddy answers a name that it does not know by itself, with an empty page.
    const evil = `http://evil.example:${port}/`;
    const rebound = await browse(world, `${evil}nowhere`);
    const got = await tries(rebound, evil);
    assert.deepEqual(got, name === "nginx" ? { opened: false, list: 421, whep: 421 } : { opened: false, list: 200, whep: 200 });
    assert.equal(await rebound.evaluate(async () => (await (await fetch("/api/cameras")).text()).includes("Gate")), false);
  });

  scenario(`${name} with TLS and a host name of its own: signed in`, { browser: true, seconds: 180 }, async (world) => {
    const razz = await served(world, { access: { mode: "on" } });
    const port = await start(world, "a host name of its own", razz.addresses.listen);
    const base = `https://${NAME}:${port}/`;
    const page = await browse(world, `${base}sign-in.html`);
    await signsIn(world, razz, page, base, "/");
    await plays(page, base);
    await walks(page, base);
  });

  for (const [how, told] of [["taken off", true], ["left on", true], ["taken off", false]]) {
    scenario(`${name} with TLS and a folder, ${how}${told ? "" : ", which razz is not told of"}: signed in`, { browser: true, seconds: 180 }, async (world) => {
      const razz = await served(world, { server: told ? { base: "/razz/" } : {}, access: { mode: "on" } });
      const port = await start(world, `a folder, ${how}`, razz.addresses.listen);
      const base = `https://${NAME}:${port}/razz/`;
      // Without its slash the folder leads into itself.
      const page = await browse(world, base.slice(0, -1));
      await page.waitForURL((url) => url.href.startsWith(base), { waitUntil: "domcontentloaded" });
      const link = await razz.setUpLink();
      await signsIn(world, razz, page, base, told ? "/razz/" : "/");
      page.asked.length = 0;
      await plays(page, base);
      await walks(page, base);
      if (!told) return;
      const { servers } = await page.evaluate(async () => (await fetch("api/openapi.json")).json());
      assert.deepEqual(servers, [{ url: "/razz" }]);
      // razz answers without the folder as before.
      assert.equal((await fetch(razz.at("/healthz"))).status, 200);
      assert.ok(link.startsWith(`http://${razz.addresses.listen}/razz/set-up.html#`), link);
    });
  }
}

scenario("nginx that asks by another name says by which it was asked, or its pages count as another site's", { browser: true, seconds: 180 }, async (world) => {
  const razz = await served(world, { access: { hosts: [NAME] } });
  const name = "proxy_set_header Host $host;";
  const silent = await nginx(world, "another port", razz.addresses.listen, { [name]: "" });
  const page = await browse(world, "about:blank");
  const answered = page.waitForResponse((response) => response.request().method() === "POST" && response.url().includes("/whep/"));
  await goTo(page, `http://${NAME}:${silent}/camera-viewer.html?camera=1`);
  const refused = await answered;
  assert.equal(refused.status(), 403);
  assert.equal((await refused.json()).type, "urn:razz:problem:cross-origin");

  const telling = await nginx(world, "another port", razz.addresses.listen, { [name]: "proxy_set_header X-Forwarded-Host $http_host;" });
  await plays(page, `http://${NAME}:${telling}/`);
  // That name is looked at as Host is.
  const evil = `http://evil.example:${telling}/`;
  assert.deepEqual(await tries(await browse(world, `${evil}nowhere`), evil), { opened: false, list: 421, whep: 421 });
});
