// Camera credentials appear in no log, error, metric or API answer, however much is logged.

import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { clip } from "../lib/paths.mjs";
import { run, written } from "../lib/razz.mjs";
import { scenario } from "../lib/scenario.mjs";
import { until } from "../lib/wait.mjs";

const PASSWORD = "Tr0ub4dor-and-3";
const FORMS = [PASSWORD, encodeURIComponent(PASSWORD), Buffer.from(`viewer:${PASSWORD}`).toString("base64")];

function assertSilent(text, what) {
  for (const form of FORMS) {
    const at = text.indexOf(form);
    assert.equal(at, -1, `${what} shows the password: ${text.slice(Math.max(0, at - 120), at)}…`);
  }
}

/** What `ps` shows of a process. */
function argumentsOf(pid) {
  return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
}

for (const auth of ["digest", "basic"]) {
  scenario(`nothing shows a camera's password (${auth})`, {}, async (world) => {
    const camera = await world.camera({ one: `clip:${clip("street")}` }, { user: "viewer", password: PASSWORD, auth });
    const inside = (url) => url.replace("rtsp://", `rtsp://viewer:${PASSWORD}@`);
    // As systemd hands them over (LoadCredential=).
    const credentials = world.folder;
    writeFileSync(path.join(credentials, "gate-url"), `${inside(camera.url("one"))}\n`);
    const razz = await world.serve(
      {
        camera: [
          { id: 1, url: inside(camera.url("one")), detect_fps: 0 },
          { id: 2, url: camera.url("one"), username: "viewer", password: PASSWORD, detect_fps: 0 },
          { id: 3, url: inside("rtsp://127.0.0.1:9/nothing") },
          { id: 4, url: inside(camera.url("no-such-path")) },
          { id: 6, url: camera.url("one"), username: "viewer", password: "env:GATE_PASSWORD", detect_fps: 0 },
          { id: 7, url: "credential:gate-url", detect_fps: 0 },
          { id: 8, url: inside(camera.url("one")), sub_url: camera.url("one"), detect_from: "sub", detect_fps: 1 },
          { id: 9, url: inside(camera.url("one")), sub_url: inside("rtsp://127.0.0.1:9/nothing"), detect_from: "sub", detect_fps: 1 },
        ],
      },
      { env: { RUST_LOG: "trace", GATE_PASSWORD: PASSWORD, CREDENTIALS_DIRECTORY: credentials } },
    );
    for (const id of [1, 2, 6, 7, 8, 9]) await razz.untilState(id, "online");
    // With the main stream's credentials.
    await until("a sub-stream", async () => (await razz.status(8)).sub.online);
    await until("a sub-stream's error", async () => (await razz.status(9)).sub.error);
    for (const id of [3, 4]) await until("an error", async () => (await razz.status(id)).last_error);

    // As POST and PUT send it in, it must not come back out.
    const added = { id: 5, name: "Added", url: inside(camera.url("one")), detect_fps: 0 };
    const post = await fetch(razz.at("/api/cameras"), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(added),
    });
    assertSilent(await post.text(), `POST /api/cameras (${post.status})`);

    const routes = ["/", "/api/cameras", "/api/stats", "/metrics", "/api/openapi.json", "/healthz", "/readyz"];
    for (const id of [1, 2, 3, 4, 5, 6, 7, 8, 9, 99]) {
      for (const part of ["", "/status", "/tracks"]) routes.push(`/api/cameras/${id}${part}`);
    }
    for (const route of routes) {
      const response = await fetch(razz.at(route));
      assertSilent(await response.text() + JSON.stringify([...response.headers]), route);
    }

    // A look at a camera, through the API and on the command line, while its arguments can be read.
    for (const url of [inside(camera.url("one")), inside(camera.url("no-such-path")), inside("rtsp://127.0.0.1:9/nothing")]) {
      const look = await fetch(razz.at("/api/cameras/test"), {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ url }),
      });
      assertSilent((await look.text()).replace(/data:image[^"]*/, ""), `POST /api/cameras/test (${look.status})`);
    }
    for (const args of [[], ["--json"]]) {
      const doctor = world.child("doctor", ["doctor", "--camera", "env:GATE_URL", "--log-level", "trace", ...args], {
        GATE_URL: inside(camera.url("one")),
      });
      assertSilent(argumentsOf(doctor.process.pid), "the arguments of razz doctor");
      const { code } = await doctor.exited;
      assert.equal(code, 0, doctor.tail());
      assertSilent(doctor.log.map((line) => line.replace(/data:image[^"]*/, "")).join("\n"), "razz doctor");
    }
    assertSilent(argumentsOf(razz.process.pid), "the arguments of razz serve");
    // Names of threads are seen by everyone as well.
    const threads = readdirSync(`/proc/${razz.process.pid}/task`);
    assertSilent(threads.map((id) => readFileSync(`/proc/${razz.process.pid}/task/${id}/comm`, "utf8")).join(), "a thread's name");

    await camera.kill();
    await until("the loss of the camera to be logged", async () => (await razz.status(1)).state !== "online", { seconds: 15 });
    assertSilent(razz.log.join("\n"), "the log");
    assert.ok(razz.log.length > 20, "the log was really at its most talkative");
  });
}

scenario("a config error does not quote the password", {}, async (world) => {
  for (const camera of [
    `id = 1\nurl = "rtsp://viewer:${PASSWORD}@10.0.0.5:port/x"\n`,
    `id = 1\nurl = "http://viewer:${PASSWORD}@10.0.0.5/x"\n`,
    `id = 1\nurl = "rtsp://10.0.0.5/x"\npasword = "${PASSWORD}"\n`,
    `id = 1\nurl = "rtsp://10.0.0.5/x"\npassword = "${PASSWORD}\n`,
    `id = "${PASSWORD}"\nurl = "rtsp://10.0.0.5/x"\n`,
  ]) {
    const { code, log } = await run(["check", "--config", written(world.folder, `[[camera]]\n${camera}`)]);
    assert.equal(code, 2, log);
    assertSilent(log, `razz check of ${camera.split("\n")[1].split("=")[0]}`);
  }
});
