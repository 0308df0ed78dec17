// Cameras that cannot be watched, or not as they are: each says why, and what to change, and none disturbs a good one.

import assert from "node:assert/strict";
import { goTo, untilDecoded } from "../lib/browser.mjs";
import { clip } from "../lib/paths.mjs";
import { scenario } from "../lib/scenario.mjs";
import { until } from "../lib/wait.mjs";

scenario("unreachable, wrong password, wrong path, MJPEG, B-frames", { browser: true }, async (world) => {
  const locked = await world.camera({ one: `clip:${clip("street")}` }, { user: "viewer", password: "right-password" });
  const odd = await world.camera({ h265: "h265bframes", mjpeg: "mjpeg", bframes: "bframes", good: `clip:${clip("street")}` });
  const razz = await world.serve({
    camera: [
      { id: 1, url: odd.url("good"), detect_fps: 0 },
      { id: 2, url: "rtsp://127.0.0.1:9/nothing-listens-here" },
      { id: 3, url: locked.url("one"), username: "viewer", password: "wrong-password" },
      { id: 4, url: locked.url("one") },
      { id: 5, url: odd.url("no-such-path") },
      { id: 6, url: odd.url("h265") },
      { id: 7, url: odd.url("mjpeg") },
      { id: 8, url: odd.url("bframes") },
    ],
  });
  await razz.untilState(1, "online");
  for (const [id, says] of [[2, /refused|reach|connect/i], [3, /password|credential|401|unauthori/i], [4, /password|credential|401|unauthori/i], [5, /404|not found|path/i]]) {
    const status = await until(`camera ${id} to say why`, async () => {
      const now = await razz.status(id);
      return now.last_error && now.state !== "connecting" && now;
    }, { seconds: 20 });
    world.tell(`camera ${id}: ${status.state}: ${status.last_error}`);
    assert.equal(status.state, "offline");
    assert.match(status.last_error, says);
    assert.doesNotMatch(JSON.stringify(status), /(right|wrong)-password/);
  }
  for (const [id, says] of [[6, /B-frame.*H\.264/], [7, /H\.?264/i], [8, /B-frames/i]]) {
    await razz.untilState(id, "online");
    const status = await until(`what to set at camera ${id}`, async () => {
      const now = await razz.status(id);
      return now.advice.length > 0 && now;
    });
    world.tell(`camera ${id}: ${status.advice.join(" ")}`);
    assert.ok(status.advice.length > 0, `camera ${id} comes with advice`);
    assert.match(status.advice.join(" "), says);
  }
  for (const id of [6, 8]) assert.equal((await razz.status(id)).b_frames, true);

  // Whoever opens such a camera reads why, and the good camera has not noticed.
  const page = await world.page(razz.at("/healthz"));
  for (const [id, says] of [[2, /refused|reach|offline/i]]) {
    await goTo(page, razz.at(`/camera-viewer.html?camera=${id}`));
    await until(`the player to say why camera ${id} has no picture`, async () => {
      const words = await page.evaluate(() => document.querySelector("razz-player").shadowRoot.textContent);
      if (says.test(words)) return true;
      throw new Error(words.slice(words.lastIndexOf("}") + 1));
    });
  }
  // What browsers cannot show is encoded anew for them.
  for (const id of [6, 7, 8]) {
    await goTo(page, razz.at(`/camera-viewer.html?camera=${id}`));
    await untilDecoded(page, 15, 30);
    assert.equal((await razz.status(id)).renditions.made[0].name, "full");
  }
  for (const id of [2, 6, 8]) {
    const snapshot = await fetch(razz.at(`/api/cameras/${id}/snapshot.jpg`));
    if (id === 2) {
      assert.ok(snapshot.status >= 400 && snapshot.status < 600, `snapshot of camera ${id}: ${snapshot.status}`);
      assert.match(snapshot.headers.get("content-type"), /application\/problem\+json/);
    } else {
      assert.equal(snapshot.status, 200, `snapshot of camera ${id}`);
    }
  }
  const good = await razz.status(1);
  assert.equal(good.state, "online");
  assert.equal(good.reconnects, 0);
  assert.ok(good.fps.received > 28, `${good.fps.received} frames a second`);
});

scenario("interlaced and 4:2:2 video is decoded by FFmpeg's libavcodec", {}, async (world) => {
  const odd = await world.camera({ fields: "interlaced", colour: "yuv422" });
  const razz = await world.serve({ decoder: { engine: "ffmpeg" }, camera: [{ id: 1, url: odd.url("fields") }, { id: 2, url: odd.url("colour") }] });
  for (const id of [1, 2]) {
    const status = await until(`camera ${id} to be decoded`, async () => {
      const now = await razz.status(id);
      return now.fps.decoded > 5 && now;
    }, { seconds: 30 });
    assert.equal(status.decoder, "ffmpeg h264");
    assert.match(status.advice.join(" "), /browsers cannot show.*anew/);
    const snapshot = await fetch(razz.at(`/api/cameras/${id}/snapshot.jpg`));
    assert.equal(snapshot.status, 200, `snapshot of camera ${id}`);
  }
});

scenario("without it they are shown, and the page says why they have no boxes", { browser: true }, async (world) => {
  const odd = await world.camera({ fields: "interlaced", colour: "yuv422" });
  const razz = await world.serve({ decoder: { engine: "openh264" }, camera: [{ id: 1, url: odd.url("fields") }, { id: 2, url: odd.url("colour") }] });
  const page = await world.page(razz.at("/healthz"));
  for (const [id, what, cure] of [[1, /interlaced pictures/, /progressive/], [2, /4:2:2 colour/, /4:2:0/]]) {
    await razz.untilState(id, "online");
    const status = await until(`the status of camera ${id} to say it`, async () => {
      const now = await razz.status(id);
      return now.advice.some((words) => what.test(words)) && now;
    });
    assert.match(status.advice.join(" "), cure);
    await goTo(page, razz.at(`/camera-viewer.html?camera=${id}`));
    await untilDecoded(page, 10);
    await until(`the player to say why camera ${id} has no boxes`, async () => {
      const words = await page.evaluate(() => document.querySelector("razz-player").shadowRoot.textContent);
      if (/No boxes/.test(words) && what.test(words) && cure.test(words)) return true;
      throw new Error(words.slice(words.lastIndexOf("}") + 1));
    }, { seconds: 30 });
  }
});

scenario("a camera that comes up after the server is found", {}, async (world) => {
  const early = await world.camera({ one: `clip:${clip("street")}` });
  await early.kill();
  const razz = await world.serve({ camera: [{ id: 1, url: early.url("one"), detect_fps: 0 }] });
  await until("the first dial to fail", async () => (await razz.status(1)).last_error);
  const late = await world.restarted(early);
  const answers = performance.now();
  await razz.untilState(1, "online");
  const seconds = (performance.now() - answers) / 1000;
  world.tell(`online ${seconds.toFixed(2)} s after the camera on port ${late.port} answered`);
  assert.ok(seconds < 5, `online after ${seconds} s`);
});
