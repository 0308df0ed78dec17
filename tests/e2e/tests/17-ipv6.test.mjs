// Everything over IPv6: the page, WHEP and the media.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { networkInterfaces } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { videoStats, untilDecoded } from "../lib/browser.mjs";
import { clip, ROOT } from "../lib/paths.mjs";
import { run } from "../lib/razz.mjs";
import { scenario } from "../lib/scenario.mjs";

const LOOPBACK = Object.values(networkInterfaces()).flat().some(({ address }) => address === "::1");
const SIX = { listen: "[::1]:0", compat_listen: "", webrtc_udp: "[::1]:0" };

for (const webrtc_udp of ["[::1]:0", "[::]:0"]) {
  scenario(`clients that are no browser, media at ${webrtc_udp}`, {}, async (world) => {
    if (!LOOPBACK) return world.t.skip("this machine has no IPv6 loopback address ::1");
    const camera = await world.camera({ one: `clip:${clip("street")}` });
    const content = { server: { ...SIX, webrtc_udp }, camera: [{ id: 1, url: camera.url("one"), detect_fps: 0 }] };
    // Others could reach the second port; without `--open` they would have to sign in.
    const razz = await world.serve(content, { args: ["--open"] });
    await razz.untilState(1, "online");
    const { code, log } = await run(["bench", "viewers", "--whep", razz.at("/whep/1"), "-n", "3", "--seconds", "4", "--json"], { seconds: 60 });
    assert.equal(code, 0, log);
    const report = JSON.parse(log.trim().split("\n").at(-1));
    assert.deepEqual([report.joined, report.broken_frames, report.lost_packets], [3, 0, 0]);
    assert.ok(report.frames >= 3 * 4 * 28, `${report.frames} frames`);

    const python = path.join(ROOT, "tests/e2e/clients/.venv/bin/python");
    const script = path.join(ROOT, "tests/e2e/clients/aiortc_client.py");
    const { stdout } = await promisify(execFile)(python, [script, razz.at("/whep/1"), "30"], { timeout: 60_000 });
    const told = JSON.parse(stdout.trim().split("\n").at(-1));
    world.tell(`${report.frames} frames of 3 viewers over IPv6, none with a gap; aiortc ${told.frames}`);
    assert.ok(told.frames >= 30);
  });
}

scenario("Chromium watches over IPv6", { browser: true }, async (world) => {
  if (!LOOPBACK) return world.t.skip("this machine has no IPv6 loopback address ::1");
  const camera = await world.camera({ one: `clip:${clip("street")}` });
  const razz = await world.serve({ server: SIX, camera: [{ id: 1, url: camera.url("one"), detect_fps: 0 }] });
  await razz.untilState(1, "online");
  const page = await world.page(razz.at("/camera-viewer.html?camera=1"));
  await untilDecoded(page, 60);
  const { connection } = await page.evaluate(() => document.querySelector("razz-player").diagnostics());
  const { framesDecoded } = await videoStats(page);
  world.tell(`${framesDecoded} frames decoded, ${connection.icePair}`);
  assert.match(connection.icePair, /::1/);
});
