// At least 99 % of the frames that the camera sends reach Chromium whole, through WHEP and through the endpoints of
// RTSPtoWebRTC, and it decodes what it does not skip to catch up.

import assert from "node:assert/strict";
import { countPresented, untilDecoded, videoStats } from "../lib/browser.mjs";
import { delivered } from "../lib/delivery.mjs";
import { servePages } from "../lib/pages.mjs";
import { clip } from "../lib/paths.mjs";
import { scenario } from "../lib/scenario.mjs";
import { measureFor, until } from "../lib/wait.mjs";

const SECONDS = 15;

/** Measures, tells and asserts. */
async function measured(world, camera, page) {
  await untilDecoded(page, 60);
  let presented;
  const { sent, received, decoded, dropped } = await delivered(camera, page, async () => {
    await countPresented(page);
    await measureFor(SECONDS);
    presented = await page.evaluate(() => window.presented);
  });
  const stats = await videoStats(page);
  const figures =
    `${sent} frames sent, ${received} received, ${decoded} decoded (${((100 * decoded) / sent).toFixed(2)} %), ${dropped} skipped, ` +
    `${(presented / SECONDS).toFixed(1)} presented a second, ${stats.packetsLost} packets lost, ${stats.freezeCount} freezes`;
  world.tell(figures);
  assert.ok(sent >= SECONDS * 29, `the camera itself kept its pace: ${sent} frames in ${SECONDS} s`);
  assert.ok(received >= 0.99 * sent, figures);
  // A pause of the machine alone makes the browser skip; one that cannot decode skips far more, or does not even say so.
  assert.ok(decoded + dropped >= 0.99 * sent && decoded >= 0.9 * sent, figures);
  assert.ok(received <= sent && decoded <= sent, "no frame was sent twice, which would hide a missing one");
}

scenario("WHEP: the player's page", { browser: true }, async (world) => {
  const camera = await world.camera({ one: `clip:${clip("street")}` });
  const razz = await world.serve({ camera: [{ id: 1, name: "Street", url: camera.url("one") }] });
  const page = await world.page(razz.at("/camera-viewer.html?camera=1"));
  await measured(world, camera, page);
  await until("boxes on a drawn frame", () =>
    page.evaluate(() => document.querySelector("razz-player").frame?.tracks.length > 0));
});

for (const [name, variant] of [["as the original client", ""], ["with an audio section and a data channel", "&audio=1&channel=1"]]) {
  scenario(`RTSPtoWebRTC: ${name}`, { browser: true }, async (world) => {
    const camera = await world.camera({ one: `clip:${clip("street")}` });
    const razz = await world.serve({ camera: [{ id: 1, url: camera.url("one"), detect_fps: 0 }] });
    await razz.untilState(1, "online");
    const pages = world.keep(await servePages());
    const page = await world.page(
      pages.url(`rtsptowebrtc.html?server=${razz.addresses.compat_listen}&stream=camera1${variant}`),
    );
    if (variant) await untilDecoded(page, 60);
    else await measured(world, camera, page);

    const { offer, answer, codecs } = await page.evaluate(() => ({ offer: window.offer, answer: window.answer, codecs: window.codecs }));
    assert.doesNotMatch(offer, /a=candidate/, "the original client sends no candidates");
    assert.deepEqual(codecs, [{ Type: "video" }]);
    assert.match(answer, /a=candidate/, "the answer is complete");
    assert.match(answer, /a=sendonly/);
  });
}

scenario("several viewers see the same RTP timestamps", { browser: true }, async (world) => {
  const camera = await world.camera({ one: `clip:${clip("street")}` });
  const razz = await world.serve({ camera: [{ id: 1, url: camera.url("one"), detect_fps: 0 }] });
  await razz.untilState(1, "online");
  const page = await world.page(razz.at("/camera-viewer.html?camera=1"));
  await page.evaluate(() => {
    window.stamps = [new Set(), new Set()];
    const watch = (video, stamps) => {
      const note = (_now, { rtpTimestamp }) => {
        stamps.add(rtpTimestamp);
        video.requestVideoFrameCallback(note);
      };
      video.requestVideoFrameCallback(note);
    };
    const first = document.querySelector("razz-player");
    const second = document.createElement("razz-player");
    second.setAttribute("camera", "1");
    document.body.append(second);
    [first, second].forEach((player, index) => watch(player.shadowRoot.querySelector("video"), window.stamps[index]));
  });
  await until("both viewers to have presented the same 60 frames", () =>
    page.evaluate(() => [...window.stamps[0]].filter((stamp) => window.stamps[1].has(stamp)).length >= 60));
  assert.equal((await razz.status(1)).viewers, 2);
});
