// Cameras that send MJPEG (RFC 2435): detected and tracked.

import assert from "node:assert/strict";
import { expectedNumber, installCounter } from "../lib/counter.mjs";
import { checkTracks, fixedBySnapshot } from "../lib/frameproof.mjs";
import { scenario } from "../lib/scenario.mjs";
import { scene } from "../lib/truth.mjs";
import { measureFor, until } from "../lib/wait.mjs";

const SECONDS = 10;
const NEEDS = { browser: true, seconds: 120 };

/** A server with a camera that sends the lanes as JPEG, once pictures are detected on. */
async function lanes(world, engine, detections = 6) {
  const { clip, detector, frames } = scene("lanes");
  const camera = await world.camera({ one: `clipjpeg:${clip}` });
  const razz = await world.serve({ decoder: { engine }, detector, camera: [{ id: 1, url: camera.url("one"), detect_fps: detections }] });
  const status = await until("its pictures to be detected on", async () => {
    const now = await razz.status(1);
    return now.fps.detected > 4 && now;
  }, { seconds: 40 });
  assert.deepEqual([status.state, status.codec, status.size, status.gop_frames, status.b_frames], ["unsupported", "MJPEG", [1280, 720], 1, false]);
  assert.match(status.last_error, /sends MJPEG, which WebRTC cannot carry/);
  assert.match(status.advice.join(" "), /video codec to H\.264/);
  return { razz, frames, status };
}

for (const [engine, decoder] of [["ffmpeg", /^ffmpeg mjpeg$/], ["openh264", /^zune-jpeg$/]]) {
  scenario(`tracks in MJPEG fit the very frame that their RTP timestamp names, decoded with engine = "${engine}"`, NEEDS, async (world) => {
    const { razz, frames, status } = await lanes(world, engine);
    assert.match(status.decoder, decoder);
    const page = await world.page(razz.at("/healthz"));
    await page.evaluate(installCounter);
    const fixed = await fixedBySnapshot(page, frames.length);
    const tracks = razz.tracks(1);
    await tracks.opened;
    await measureFor(SECONDS);
    const messages = tracks.messages.map(({ json }) => json).filter(({ rtp_timestamp }) => rtp_timestamp !== null);
    tracks.close();
    const published = messages.map(({ rtp_timestamp: rtp, tracks: found }) =>
      ({ mode: "exact", rtp, tracksRtp: rtp, tracks: found, number: expectedNumber(rtp, fixed, frames.length) }));
    checkTracks(world, published, frames, { 1: 0.12, 3: 0.4, 6: 0.6 });
    // Only the pictures that are detected on are decoded.
    const { fps } = await razz.status(1);
    world.tell(`${fps.decoded} of ${fps.received} pictures a second are decoded for ${fps.detected} detections`);
    assert.ok(fps.received > 25 && fps.decoded < 10, `${fps.decoded} of ${fps.received} pictures a second are decoded`);
  });
}

scenario("MJPEG of a size past what RTP has room for, by the size in the SDP", {}, async (world) => {
  const camera = await world.camera({ plain: "mjpeg", large: "mjpeglarge" });
  const razz = await world.serve({ camera: [{ id: 1, url: camera.url("plain") }, { id: 2, url: camera.url("large") }] });
  for (const [id, size] of [[1, [640, 360]], [2, [2592, 1944]]]) {
    const status = await until(`camera ${id} to send`, async () => {
      const now = await razz.status(id);
      return now.size && now;
    }, { seconds: 30 });
    assert.deepEqual([status.codec, status.size], ["MJPEG", size]);
    const snapshot = await fetch(razz.at(`/api/cameras/${id}/snapshot.jpg`));
    assert.deepEqual([snapshot.status, snapshot.headers.get("content-type")], [200, "image/jpeg"]);
    const jpeg = Buffer.from(await snapshot.arrayBuffer());
    assert.deepEqual([jpeg[0], jpeg[1], jpeg.at(-2), jpeg.at(-1)], [0xFF, 0xD8, 0xFF, 0xD9]);
  }
});
