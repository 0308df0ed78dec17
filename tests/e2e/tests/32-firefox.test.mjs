// Firefox, as far as Firefox can: with its OpenH264 plugin the picture plays, the boxes are on it, and the player says by
// what it tells frames apart; without, it says in words why there is no picture.

import assert from "node:assert/strict";
import { fillWithPlayer, untilPlayers } from "../lib/browser.mjs";
import { expectedNumber, installCounter, recordDrawn } from "../lib/counter.mjs";
import { openH264, reachable } from "../lib/firefox.mjs";
import { checkOrder, checkTracks, fixedBySnapshot } from "../lib/frameproof.mjs";
import { scenario } from "../lib/scenario.mjs";
import { scene } from "../lib/truth.mjs";
import { measureFor, until } from "../lib/wait.mjs";

const SECONDS = 12;
const PLUGIN = openH264();
/** Firefox names frames by the callback, and a picture may already be the next one when its callback runs: so many at most. */
const NEIGHBOURS = 0.1;

/** razz with a camera that shows `name`; others could reach the media port, so it must be told that it is open. */
async function serve(world, name) {
  const { clip, detector, frames } = scene(name);
  const camera = await world.camera({ one: `clip:${clip}` });
  const razz = await world.serve(
    { server: { webrtc_udp: `${reachable()}:0` }, detector, camera: [{ id: 1, url: camera.url("one"), detect_fps: 6 }] },
    { args: ["--open"] },
  );
  await razz.untilState(1, "online");
  return { razz, frames };
}

scenario("Firefox draws each frame with its own boxes", { firefox: true, seconds: 120 }, async (world) => {
  if (!PLUGIN) return world.t.skip("Firefox's OpenH264 plugin is not here; Firefox downloads it in everyday use, or MOZ_GMP_PATH names its folder");
  const { razz, frames } = await serve(world, "lanes");
  const firefox = await world.firefox({ plugin: PLUGIN });
  const page = await firefox.page(razz.at("/camera-viewer.html?camera=1"));
  await page.evaluate(installCounter);
  await fillWithPlayer(page);
  await page.evaluate(recordDrawn);
  await until("tracks on a drawn frame", () => page.evaluate(() => window.drawn.at(-1)?.tracks.length > 0), { seconds: 60 });
  const fixed = await fixedBySnapshot(page, frames.length);
  await page.evaluate(() => void (window.drawn.length = 0));
  await measureFor(SECONDS);
  const drawn = await page.evaluate(() => window.drawn);
  assert.ok(drawn.length >= 5 * SECONDS, `${drawn.length} frames drawn in ${SECONDS} s`);
  const off = drawn.map((frame) => {
    const steps = frame.number - expectedNumber(frame.rtp, fixed, frames.length);
    return Math.abs(steps) > frames.length / 2 ? steps - Math.sign(steps) * frames.length : steps;
  });
  const own = off.filter((steps) => steps === 0).length;
  const { source, words } = await page.evaluate(() => {
    const player = document.querySelector("razz-player");
    return { source: player.state.frameSource, words: player.shadowRoot.querySelector("#indicator").textContent };
  });
  world.tell(`Firefox ${firefox.version}, frames named by ${source}: ${own} of ${drawn.length} drawn frames show their own number, others are off by ${[...new Set(off)].filter(Boolean).join(", ") || "nothing"}`);
  assert.equal(source, "callback");
  assert.match(words, /by callback/, "the viewer is told");
  assert.ok(off.every((steps) => Math.abs(steps) <= 1), "no frame is further off than its neighbour");
  assert.ok(own >= (1 - NEIGHBOURS) * drawn.length, `${own} of ${drawn.length} frames show their own number`);
  checkOrder(drawn, "Firefox");
  checkTracks(world, drawn, frames, { 2: 0.2, 6: 0.5 });
});

scenario("Firefox without its OpenH264 plugin is told why there is no picture", { firefox: true }, async (world) => {
  const { razz } = await serve(world, "street");
  const firefox = await world.firefox();
  const page = await firefox.page(razz.at("/camera-viewer.html?camera=1"));
  const codecs = await page.evaluate(() => RTCRtpReceiver.getCapabilities("video").codecs.map(({ mimeType }) => mimeType));
  if (codecs.includes("video/H264")) return world.t.skip("this Firefox plays H.264 without a plugin");
  await untilPlayers(page, 1);
  const words = await until("words in place of the picture", () =>
    page.evaluate(() => /H\.264/.exec(document.querySelector("razz-player").shadowRoot.querySelector("#words")?.textContent ?? "")?.input), { seconds: 20 });
  world.tell(words);
  // The tracks come all the same: what is missing is the codec, not the connection.
  await until("tracks", () => page.evaluate(() => document.querySelector("razz-player").state.stats?.active_tracks > 0), { seconds: 30 });
});
