// `razz demo`: two cameras, boxes on the walkers, no network and no file.
// With RAZZ_SCREENSHOT=FILE.png the page's picture is written there, for the README.

import assert from "node:assert/strict";
import { untilPlayers } from "../lib/browser.mjs";
import { scenario } from "../lib/scenario.mjs";
import { until } from "../lib/wait.mjs";

scenario("the demo shows two cameras with boxes", { browser: true }, async (world) => {
  const razz = await world.razz(["demo", "--port", "0"]);
  assert.match(razz.addresses.listen, /^127\.0\.0\.1:\d+$/, "the demo binds loopback");
  assert.equal(razz.addresses.cameras.length, 2);
  const page = await world.page(razz.at("/"));
  await untilPlayers(page, 2);
  await until("a drawn frame with boxes in both players", () =>
    page.evaluate(() => [...document.querySelectorAll("razz-player")].every((player) => player.frame?.tracks.length > 0)), { seconds: 40 });
  const classes = await until("people and cars among the tracks", async () => {
    const frames = await Promise.all([1, 2].map((id) => razz.json(`/api/cameras/${id}/tracks`)));
    const found = new Set(frames.flatMap((frame) => frame.tracks.map((track) => track.class)));
    return found.has("person") && found.has("car") && found;
  }, { seconds: 40 });
  world.tell(`classes seen: ${[...classes].join(", ")}`);

  // The overlay is not one flat colour: the picture itself is drawn on it.
  const colours = await page.evaluate(() => {
    const overlay = document.querySelector("razz-player").shadowRoot.querySelector("#overlay");
    const copy = new OffscreenCanvas(64, 36);
    copy.getContext("2d").drawImage(overlay, 0, 0, 64, 36);
    const { data } = copy.getContext("2d").getImageData(0, 0, 64, 36);
    return new Set(Array.from({ length: 64 * 36 }, (_, i) => `${data[4 * i] >> 4},${data[4 * i + 1] >> 4},${data[4 * i + 2] >> 4}`)).size;
  });
  assert.ok(colours > 10, `${colours} colours on the overlay`);

  const stats = await razz.json("/api/stats");
  assert.equal(Object.keys(stats.cameras).length, 2);
  for (const status of Object.values(stats.cameras)) assert.equal(status.state, "online");
  if (process.env.RAZZ_SCREENSHOT) await screenshot(page, process.env.RAZZ_SCREENSHOT);
});

/** The players of the page at a moment when each shows boxes. */
async function screenshot(page, file) {
  const busy = () =>
    page.evaluate(() => [...document.querySelectorAll("razz-player")].every((player) => player.frame?.tracks.length >= 2));
  const height = await page.evaluate(() =>
    Math.ceil(Math.max(...[...document.querySelectorAll("razz-player")].map((player) => (player.closest("li") ?? player).getBoundingClientRect().bottom))) + 12);
  await until("a picture with boxes in both players", async () => {
    if (!(await busy())) return false;
    await page.screenshot({ path: file, clip: { x: 0, y: 0, width: 1280, height: Math.min(720, height) } });
    return busy();
  }, { seconds: 40 });
}
