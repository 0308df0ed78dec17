// Takes a picture of every page, on a desktop and on a phone: node screenshots.mjs [FOLDER [NAME ...]]
// With names, only of those pages.
// Live pages are those of `razz demo`; settings, what is counted, and the pages that let people in, of a razz with a
// config file and the fast scene of RAZZ_SCENE as its camera.
// FOLDER is docs/screenshots unless given. `make screenshots` builds what it needs.

import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { goTo, launch, untilPlayers } from "./lib/browser.mjs";
import { Camera } from "./lib/camera.mjs";
import { ROOT } from "./lib/paths.mjs";
import { config, Razz, written } from "./lib/razz.mjs";
import { scene } from "./lib/truth.mjs";
import { measureFor, until } from "./lib/wait.mjs";

const [folder = path.join(ROOT, "docs/screenshots"), ...only] = process.argv.slice(2);
const VIEWS = [
  { name: "desktop", viewport: { width: 1280, height: 800 }, colorScheme: "dark" },
  { name: "phone", viewport: { width: 390, height: 844 }, colorScheme: "light", isMobile: true, hasTouch: true },
];
/** What people see of the demo: the page's name, its address, how many players it has (null: they are not waited for), what is done before the picture is taken. */
const PAGES = [
  ["live", "/", 4, () => measureFor(5)],
  ["enlarged", "/?large=1", 4, async (page) => {
    await page.locator(".tile.large razz-player").focus();
    await measureFor(5);
  }],
  ["camera", "/camera-viewer.html?camera=1", 1, () => measureFor(25)],
  ["figures", "/camera-viewer.html?camera=2", 1, async (page) => {
    await page.focus("razz-player");
    await page.keyboard.press("d");
    await measureFor(4);
  }],
  ["dashboard", "/dashboard.html", 0, () => measureFor(5)],
  ["troubleshooting", "/troubleshooting.html", 1, () => measureFor(5)],
];
/** What an admin sees of their own. */
const ADMIN_PAGES = [
  ["settings", "/settings.html", 0, async (page) => {
    await page.getByText("online").first().waitFor();
    await page.getByRole("button", { name: "Edit Crossing" }).click();
    await page.getByRole("button", { name: "Test" }).click();
    await page.getByText("The camera can be used").waitFor({ timeout: 40_000 });
    await page.evaluate(() => scrollTo(0, 0));
  }],
  ["people", "/settings.html", 0, (page) => page.getByRole("heading", { name: "Users" }).evaluate((heading) => heading.scrollIntoView())],
  ["no-picture", "/camera-viewer.html?camera=2", null, (page) => until("words in place of a picture", () => page.evaluate(() => {
    const words = document.querySelector("razz-player")?.shadowRoot.querySelector("#words");
    return /offline/.test(words?.textContent ?? "");
  }), { seconds: 30 })],
  ["detector", "/settings.html", 0, async (page) => {
    await page.getByRole("button", { name: "Edit the detector" }).click();
    await page.locator(".looked .kept").first().waitFor({ timeout: 40_000 });
    await page.getByLabel("Confidence").fill("0.6");
    await page.getByRole("heading", { name: "Detector" }).evaluate((heading) => heading.scrollIntoView());
  }],
  ["alerts", "/alerts.html", null, async (page) => {
    await until("alerts", () => page.evaluate(() => document.querySelectorAll(".alert").length >= 3), { seconds: 200, every: 500 });
    await measureFor(2);
  }],
  // Some minutes of it, so that there is something to see.
  ["analytics", "/analytics.html?range=5m", null, async (page) => {
    await page.locator(".panels").waitFor({ timeout: 20_000 });
    await until("four minutes of counting", async () => {
      const rows = await page.evaluate(async () => (await (await fetch("/api/facts/rows?limit=1000")).json()).rows);
      return Date.now() / 1000 - rows.at(-1).at.unix > 240;
    }, { seconds: 300, every: 2000 });
    await measureFor(4);
  }],
  ["areas", "/areas.html?camera=1", null, async (page) => {
    await page.locator(".areas .head").first().click();
    await until("what it would have counted", () => page.evaluate(() => /[1-9]\d* in\b/.test(document.querySelector(".counts:not(.old) .sum")?.textContent ?? "")), { seconds: 40 });
    await measureFor(4);
  }],
];
const ADMIN = { name: "admin", password: "a-password-for-pictures" };

/** Every player shows a picture with boxes on it; those off the screen of a phone are not waited for. */
function busy(page, players) {
  return page.evaluate((count) => {
    const seen = [...document.querySelectorAll("razz-player")].filter((player) => player.offsetParent !== null && player.getBoundingClientRect().top < innerHeight - 50);
    return seen.length >= Math.min(1, count) && seen.every((player) => player.frame?.tracks.length >= (count > 1 ? 1 : 3));
  }, players);
}

let bytes = 0;
/** Takes a picture of a page when it is ready. */
async function take(page, view, razz, [name, address, players, before]) {
  const isWanted = only.length === 0 || only.includes(name);
  // Who signs in sees that page in any case.
  if (!isWanted && name !== "sign-in") return;
  await goTo(page, razz.at(address));
  if (players !== null) await untilPlayers(page, players);
  if (players > 0) await until("boxes", () => busy(page, players), { seconds: 150 });
  await before?.(page);
  if (players > 0) await until("boxes", () => busy(page, players), { seconds: 150 });
  if (!isWanted) return;
  const session = await page.context().newCDPSession(page);
  const file = path.join(folder, `${name}-${view}.webp`);
  const { data } = await session.send("Page.captureScreenshot", { format: "webp", quality: 80 });
  writeFileSync(file, Buffer.from(data, "base64"));
  bytes += statSync(file).size;
  console.log(`${path.relative(ROOT, file)}: ${Math.round(statSync(file).size / 1000)} kB`);
}

/** A razz with a config file, which nobody has signed in to so far. */
function ownRazz(url, home) {
  const file = written(home, config({
    detector: { model: "demo", classes: [] },
    access: { mode: "on" },
    record: { path: path.join(home, "footage"), keep_free: "0B" },
    camera: [{ id: 1, name: "Crossing", url }, { id: 2, name: "Yard", url: "rtsp://127.0.0.1:9/yard" }],
    area: [
      { camera: 1, name: "Pavement", line: [[0.5, 0.98], [0.5, 0.8]], classes: ["person"] },
      { camera: 1, name: "Road", line: [[0.5, 0.79], [0.5, 0.58]], classes: ["car", "bus", "bicycle"] },
      { camera: 1, name: "Shops", zone: [[0.25, 0.46], [0.95, 0.46], [0.95, 0.565], [0.25, 0.565]], classes: ["person"] },
    ],
    rule: [
      { name: "On the pavement", when: "crossing", camera: 1, area: "Pavement", direction: "in", cooldown: "20s" },
      { name: "Many at the shops", when: "occupancy", camera: 1, area: "Shops", above: 3, for: "1s", cooldown: "1m" },
      { name: "A bus", when: "crossing", camera: 1, area: "Road", classes: ["bus"], cooldown: "5s" },
      { name: "Camera is away", when: "camera_offline", for: "10s", cooldown: "1m" },
    ],
  }));
  return new Razz(["serve", "--config", file]).listening();
}

mkdirSync(folder, { recursive: true });
const home = mkdtempSync(path.join(tmpdir(), "razz-screenshots-"));
const razz = await new Razz(["demo", "--port", "0", "--cameras", "4"]).listening();
const browser = await launch();
let [camera, own] = [];
try {
  await until("all cameras to be online", async () =>
    Object.values((await razz.json("/api/stats")).cameras).every(({ state }) => state === "online"), { seconds: 60 });
  const pages = {};
  for (const { name, ...options } of VIEWS) pages[name] = await (await browser.newContext(options)).newPage();
  for (const [view, page] of Object.entries(pages)) {
    for (const what of PAGES) await take(page, view, razz, what);
    // It plays no more.
    await goTo(page, razz.at("/healthz"));
  }
  camera = await new Camera({ crossing: `clip:${scene("crossing").clip}` }).listening();
  own = await ownRazz(camera.url("crossing"), home);
  const link = new URL(await own.setUpLink());
  const form = (page) => page.getByLabel("Name").fill(ADMIN.name);
  for (const [view, page] of Object.entries(pages)) await take(page, view, own, ["set-up", link.pathname + link.hash, 0, form]);
  await fetch(own.at("/api/set-up"), {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ ...ADMIN, token: link.hash.slice(1) }),
  });
  for (const [view, page] of Object.entries(pages)) {
    await take(page, view, own, ["sign-in", "/sign-in.html", 0, form]);
    await page.getByLabel("Password").fill(ADMIN.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL(own.at("/"), { waitUntil: "commit" });
    for (const what of ADMIN_PAGES) await take(page, view, own, what);
  }
} finally {
  await browser.close();
  await own?.stop();
  await camera?.kill();
  await razz.stop();
  rmSync(home, { recursive: true, force: true });
}
console.log(`${Math.round(bytes / 1000)} kB in all`);
if (bytes > 1_500_000) {
  console.error("screenshots: more than 1.5 MB; lower their quality");
  process.exitCode = 1;
}
