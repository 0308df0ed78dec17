// The log as JSON: every line is an object, and what is about a camera says which, and which run.

import assert from "node:assert/strict";
import { clip } from "../lib/paths.mjs";
import { scenario } from "../lib/scenario.mjs";
import { until } from "../lib/wait.mjs";

/** What works on one camera at a time. */
const OF_A_CAMERA = /^(razz_ingest|razz_analysis::(camera|driver|hands)|razz_api::track_feed|razz_viewer|retina)/;

for (const [how, args, log] of [
  ["by option", ["--log-format", "json"], undefined],
  ["by config", [], { format: "json" }],
]) {
  scenario(`every line of the log is JSON, and a camera's names camera and run (${how})`, {}, async (world) => {
    const camera = await world.camera({ one: `clip:${clip("street")}` });
    const razz = await world.serve(
      {
        ...(log ? { log } : {}),
        detector: { model: "demo", classes: [], engine: "rten" },
        camera: [
          { id: 1, url: camera.url("one"), detect_fps: 5 },
          { id: 7, url: "rtsp://user:hunter2@127.0.0.1:9/nothing-listens-here", detect_fps: 0 },
        ],
      },
      { args, env: { RUST_LOG: "warn,razz=debug,retina=debug" } },
    );
    await razz.untilState(1, "online");
    await razz.untilState(7, "offline");
    await until("detections", async () => (await razz.status(1)).fps.detected > 1, { seconds: 60 });
    await world.restarted((await camera.kill(), camera));
    await until("the next run", async () => (await razz.status(1)).reconnects > 0, { seconds: 40 });
    await razz.untilState(1, "online");
    assert.equal((await razz.stop()).code, 0);

    // The first line, on standard output, is the addresses.
    const lines = razz.log.filter((line) => !line.startsWith('{"compat_listen"')).map((line) => {
      try {
        return JSON.parse(line);
      } catch {
        throw new Error(`no JSON: ${line}`);
      }
    });
    for (const line of lines) {
      assert.match(line.timestamp, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/, JSON.stringify(line));
      assert.match(line.level, /^(ERROR|WARN|INFO|DEBUG|TRACE)$/);
      assert.equal(typeof line.message, "string");
      if (OF_A_CAMERA.test(line.target) || "camera" in line) {
        assert.ok([1, 7].includes(line.camera), JSON.stringify(line));
        assert.ok(Number.isInteger(line.run), JSON.stringify(line));
      }
    }
    // A name in OF_A_CAMERA that no part of razz has any more would look at nothing.
    assert.ok(lines.some((line) => line.target.startsWith("razz_ingest")), "the cameras' own part of razz logs under its name");
    const online = lines.filter((line) => line.camera === 1 && line.message === "camera is online").map((line) => line.run);
    assert.ok(online.length >= 2 && online[0] === 1 && online.at(-1) > 1, `runs that came online: ${online}`);
    assert.ok(lines.some((line) => line.camera === 7 && line.level === "WARN" && line.state === "offline"));
    assert.ok(!razz.log.join("\n").includes("hunter2"));
  });
}
