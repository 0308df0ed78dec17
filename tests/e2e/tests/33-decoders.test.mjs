// Detection on what no browser is handed: H.265, B-frames and MJPEG. Snapshots fix which number in the picture belongs to which RTP
// timestamp, and the published tracks must fit what is true of that very frame, and of the frames around it less.

import assert from "node:assert/strict";
import { expectedNumber, installCounter } from "../lib/counter.mjs";
import { checkTracks, fixedBySnapshot } from "../lib/frameproof.mjs";
import { scenario } from "../lib/scenario.mjs";
import { scene } from "../lib/truth.mjs";
import { measureFor, until } from "../lib/wait.mjs";

const SECONDS = 10;
const NEEDS = { browser: true, seconds: 120 };

async function proveTracks(world, kind, decoder, engine = "auto") {
  const { clip, detector, frames } = scene("lanes");
  const camera = await world.camera({ one: `${kind}:${clip}` });
  const razz = await world.serve({ decoder: { engine }, detector, camera: [{ id: 1, url: camera.url("one"), detect_fps: 6 }] });
  const status = await until("its pictures to be detected on", async () => {
    const now = await razz.status(1);
    return now.fps.detected > 1 && now;
  }, { seconds: 40 });
  assert.match(status.decoder, decoder);
  world.tell(`${status.codec} ${status.profile} by ${status.decoder}, ${status.fps.decoded} of ${status.fps.received} frames a second decoded`);

  const page = await world.page(razz.at("/healthz"));
  await page.evaluate(installCounter);
  const fixed = await fixedBySnapshot(page, frames.length);
  const tracks = razz.tracks(1);
  await tracks.opened;
  await measureFor(SECONDS);
  const messages = tracks.messages.map(({ json }) => json).filter(({ rtp_timestamp }) => rtp_timestamp !== null);
  tracks.close();
  // Snapshots still agree with the first.
  const later = await fixedBySnapshot(page, frames.length);
  assert.equal(later.number, expectedNumber(later.rtp, fixed, frames.length), "a snapshot shows another number than its timestamp implies");
  const published = messages.map(({ rtp_timestamp: rtp, tracks: found }) =>
    ({ mode: "exact", rtp, tracksRtp: rtp, tracks: found, number: expectedNumber(rtp, fixed, frames.length) }));
  checkTracks(world, published, frames, { 1: 0.12, 3: 0.4, 6: 0.6 });
}

scenario("tracks in H.265 fit the very frame that their RTP timestamp names", NEEDS, (world) => proveTracks(world, "clip265", /hevc|h265/));

scenario("the same with the decoder of H.265 that razz has in itself", NEEDS, (world) => proveTracks(world, "clip265", /rusty_h265/, "openh264"));

scenario("tracks in H.264 with B-frames fit the very frame that their RTP timestamp names", NEEDS, (world) => proveTracks(world, "clipb", /h264/));
