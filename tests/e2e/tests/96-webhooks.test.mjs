// Webhooks: signed as the guide says, tried again when the receiver fails, and no burden when it hangs.

import assert from "node:assert/strict";
import { createHmac, timingSafeEqual } from "node:crypto";
import { clip } from "../lib/paths.mjs";
import { receiver } from "../lib/receiver.mjs";
import { scenario } from "../lib/scenario.mjs";
import { until } from "../lib/wait.mjs";

const SECRET = "a secret of the receiver's";

const isGenuine = ({ headers, body }) => {
  const expected = createHmac("sha256", SECRET).update(`${headers["x-razz-timestamp"]}.`).update(body).digest();
  const given = Buffer.from(headers["x-razz-signature"].replace(/^sha256=/, ""), "hex");
  return timingSafeEqual(expected, given) && Math.abs(Date.now() / 1000 - Number(headers["x-razz-timestamp"])) < 300;
};

scenario("events are posted, signed, until they are taken", {}, async (world) => {
  const failing = await receiver(world, (n) => (n <= 2 ? 503 : 204));
  const hanging = await receiver(world, () => undefined);
  const camera = await world.camera({ one: `clip:${clip("street")}` });
  const razz = await world.serve({
    webhook: [
      { url: failing.url, secret: SECRET, snapshots: true },
      { url: hanging.url, events: ["camera_online"] },
    ],
    camera: [{ id: 1, name: "Gate", url: camera.url("one"), detect_fps: 5 }],
  });
  await razz.untilState(1, "online");
  const find = () => failing.came.find(({ headers }) => headers["x-razz-event"] === "track_started");
  const { body } = await until("somebody who came", find, { seconds: 60 });
  const started = JSON.parse(body);
  assert.equal(started.type, "track_started");
  assert.equal(started.camera_name, "Gate");
  const jpeg = Buffer.from(started.snapshot_jpeg, "base64");
  assert.equal(jpeg.readUInt16BE(0), 0xffd8);
  for (const request of failing.came) assert.ok(isGenuine(request), JSON.stringify(request.headers));
  const ids = failing.came.map(({ headers }) => headers["x-razz-delivery"]);
  assert.deepEqual(new Set(ids.slice(0, 3)).size, 1, `two tries failed, the third is the same event: ${ids}`);

  // The other hangs: it has its one event, and nobody else notices.
  await until("a try", () => hanging.came.length > 0);
  assert.equal(hanging.came[0].headers["x-razz-signature"], undefined);
  assert.equal((await razz.status(1)).state, "online");
  const metrics = await (await fetch(razz.at("/metrics"))).text();
  assert.match(metrics, /razz_events_failures_total\{to="webhook1"\} 2/);
  assert.ok(!metrics.includes("hunter2") && !razz.log.join("\n").includes("hunter2"));
  assert.ok(!razz.log.join("\n").includes(SECRET));
  const begun = performance.now();
  assert.equal((await razz.stop()).code, 0);
  assert.ok(performance.now() - begun < 2000, `stopping took ${performance.now() - begun} ms`);
});
