// What is counted can be scraped, is what happened, and is written as Prometheus wants it.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import path from "node:path";
import { ROOT, clip } from "../lib/paths.mjs";
import { run } from "../lib/razz.mjs";
import { scenario } from "../lib/scenario.mjs";
import { until } from "../lib/wait.mjs";

/** The value of a sample by its name and labels as written. */
function sample(text, series) {
  const line = text.split("\n").find((one) => one.startsWith(`${series} `));
  assert.ok(line, `${series} is not in\n${text}`);
  return Number(line.slice(series.length + 1));
}

scenario("metrics tell what happened, as promtool wants them", {}, async (world) => {
  const camera = await world.camera({ one: `clip:${clip("street")}` });
  const razz = await world.serve({
    detector: { model: "demo", classes: [], engine: "rten" },
    camera: [
      { id: 1, url: camera.url("one"), detect_fps: 5 },
      { id: 7, url: "rtsp://127.0.0.1:9/nothing-listens-here", detect_fps: 0 },
    ],
  });
  await razz.untilState(1, "online");
  await until("detections", async () => (await razz.status(1)).fps.detected > 1, { seconds: 60 });
  const load = ["bench", "viewers", "--whep", razz.at("/whep/1"), "-n", "2", "--seconds", "4", "--json"];
  const { code, log } = await run(load, { seconds: 40 });
  assert.equal(code, 0, log);
  const response = await fetch(razz.at("/metrics"));
  assert.match(response.headers.get("content-type"), /^text\/plain; version=0\.0\.4/);
  const text = await response.text();

  const promtool = execFileSync(path.join(ROOT, "scripts/promtool.sh"), { encoding: "utf8" }).trim();
  const said = execFileSync(promtool, ["check", "metrics"], { input: text, encoding: "utf8" });
  assert.equal(said.trim(), "");

  assert.equal(sample(text, 'razz_camera_online{camera="1"}'), 1);
  assert.equal(sample(text, 'razz_camera_online{camera="7"}'), 0);
  assert.equal(sample(text, "razz_cameras"), 2);
  const received = sample(text, 'razz_camera_frames_received_total{camera="1"}');
  const decoded = sample(text, 'razz_camera_frames_decoded_total{camera="1"}');
  const detected = sample(text, 'razz_camera_frames_detected_total{camera="1"}');
  assert.ok(received >= decoded && decoded > detected && detected > 0, `${received} ${decoded} ${detected}`);
  const tracks = sample(text, 'razz_camera_tracks_seconds_count{camera="1"}');
  // On a machine too slow for its camera, results that come too late are not sent.
  assert.ok(tracks > 0 && tracks <= detected + 1, `${tracks} delays of ${detected} detections`);
  assert.ok(sample(text, 'razz_inference_seconds_count{engine="rten"}') >= detected);
  assert.ok(sample(text, 'razz_inference_batch_pictures_sum{engine="rten"}') >= detected);
  assert.equal(sample(text, "razz_detector_ready"), 1);
  assert.ok(sample(text, 'razz_camera_viewer_sent_bytes_total{camera="1"}') > 1e5);
  assert.equal(sample(text, 'razz_camera_viewer_sent_bytes_total{camera="7"}'), 0);
  assert.ok(sample(text, 'razz_camera_viewer_replays_total{camera="1"}') >= 2);
  assert.ok(sample(text, 'razz_camera_first_packet_seconds_count{camera="1"}') > 10);
  assert.ok(sample(text, "razz_viewer_datagrams_sent_total") > 100);
  assert.ok(sample(text, "razz_viewer_datagrams_refused_total") >= 0);
  assert.ok(sample(text, "process_resident_memory_bytes") > 1e7);
  assert.ok(sample(text, "process_threads") > 3);
  assert.ok(sample(text, "process_open_fds") > 5);
  const again = await (await fetch(razz.at("/metrics"))).text();
  assert.ok(sample(again, 'razz_camera_frames_received_total{camera="1"}') >= received, "counters grow");
});
