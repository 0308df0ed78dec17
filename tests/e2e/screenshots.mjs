// Takes a picture of every page, on a desktop and on a phone, of `razz demo`: node screenshots.mjs [FOLDER]
// FOLDER is docs/screenshots unless given. `make screenshots` builds what it needs.

import { mkdirSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { goTo, launch, untilPlayers } from "./lib/browser.mjs";
import { ROOT } from "./lib/paths.mjs";
import { Razz } from "./lib/razz.mjs";
import { measureFor, until } from "./lib/wait.mjs";

const folder = process.argv[2] ?? path.join(ROOT, "docs/screenshots");
const VIEWS = [
  { name: "desktop", viewport: { width: 1280, height: 800 }, colorScheme: "dark" },
  { name: "phone", viewport: { width: 390, height: 844 }, colorScheme: "light", isMobile: true, hasTouch: true },
];
/** Each page: its name, its address, how many players it has, and what is done before the picture is taken. */
const PAGES = [
  ["live", "/", 4],
  ["camera", "/camera-viewer.html?camera=1", 1, () => measureFor(25)],
  ["figures", "/camera-viewer.html?camera=2", 1, async (page) => {
    await page.focus("razz-player");
    await page.keyboard.press("d");
    await measureFor(4);
  }],
  ["dashboard", "/dashboard.html", 0, () => measureFor(5)],
  ["troubleshooting", "/troubleshooting.html", 1, () => measureFor(5)],
];

/** Every player shows a picture with boxes on it; those off the screen of a phone are not waited for. */
function busy(page, players) {
  return page.evaluate((count) => {
    const seen = [...document.querySelectorAll("razz-player")].filter((player) => player.getBoundingClientRect().top < innerHeight - 50);
    return seen.length >= Math.min(1, count) && seen.every((player) => player.frame?.tracks.length >= (count > 1 ? 1 : 3));
  }, players);
}

mkdirSync(folder, { recursive: true });
const razz = await new Razz(["demo", "--port", "0", "--cameras", "4"]).listening();
const browser = await launch();
let bytes = 0;
try {
  await until("all cameras to be online", async () =>
    Object.values((await razz.json("/api/stats")).cameras).every(({ state }) => state === "online"), { seconds: 60 });
  for (const { name: view, ...options } of VIEWS) {
    const page = await (await browser.newContext(options)).newPage();
    const session = await page.context().newCDPSession(page);
    for (const [name, address, players, before] of PAGES) {
      await goTo(page, razz.at(address));
      await untilPlayers(page, players);
      if (players > 0) await until("boxes", () => busy(page, players), { seconds: 150 });
      await before?.(page);
      if (players > 0) await until("boxes", () => busy(page, players), { seconds: 150 });
      const file = path.join(folder, `${name}-${view}.webp`);
      const { data } = await session.send("Page.captureScreenshot", { format: "webp", quality: 80 });
      writeFileSync(file, Buffer.from(data, "base64"));
      bytes += statSync(file).size;
      console.log(`${path.relative(ROOT, file)}: ${Math.round(statSync(file).size / 1000)} kB`);
    }
    await page.context().close();
  }
} finally {
  await browser.close();
  await razz.stop();
}
console.log(`${Math.round(bytes / 1000)} kB in all`);
if (bytes > 1_500_000) {
  console.error("screenshots: more than 1.5 MB; lower their quality");
  process.exitCode = 1;
}
