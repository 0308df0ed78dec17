// A camera's address is no way into what only the server may see: refused wherever one can be named.

import assert from "node:assert/strict";
import { createServer } from "node:net";
import { run } from "../lib/razz.mjs";
import { scenario } from "../lib/scenario.mjs";
import { until } from "../lib/wait.mjs";

/** By number, disguised as a name or as IPv6: each leads to an address that no camera has. */
const NUMBERS = ["169.254.169.254", "[fd00:ec2::254]", "100.100.100.200", "[fe80::1]", "[::ffff:169.254.169.254]", "0.0.0.0", "[::]", "239.1.1.1", "255.255.255.255"];
const NAMES = ["2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518", "0"];
const SCHEMES = ["http", "file", "exec", "gopher", "rtspu", "rtmp"];

function send(razz, method, route, body) {
  return fetch(razz.at(route), { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
}

scenario("no address and no scheme leads where no camera is", { seconds: 180 }, async (world) => {
  const razz = await world.serve({
    detector: { model: "demo" },
    compat: { allow_adhoc: true },
    camera: NAMES.map((name, i) => ({ id: i + 1, url: `rtsp://${name}/latest`, detect_fps: 0 })),
  });
  // Names are allowed to be configured; what they lead to is looked at before the connection.
  for (let id = 1; id <= NAMES.length; id += 1) {
    const status = await until("the camera to be refused", async () => {
      const now = await razz.status(id);
      return now.last_error && now;
    });
    assert.equal(status.state, "offline");
    assert.match(status.last_error, /which razz does not connect to/, NAMES[id - 1]);
  }
  const wrong = [...NUMBERS.flatMap((host) => ["rtsp", "rtsps"].map((scheme) => `${scheme}://${host}:80/latest`)), ...SCHEMES.map((scheme) => `${scheme}://10.0.0.5/x`)];
  for (const url of wrong) {
    for (const [method, route] of [["POST", "/api/cameras"], ["POST", "/api/cameras/test"], ["PUT", "/api/cameras/1"]]) {
      const answer = await send(razz, method, route, { url });
      const problem = await answer.json();
      assert.equal(answer.status, 422, `${method} ${route} ${url}: ${JSON.stringify(problem)}`);
      assert.equal(problem.errors[0].key, "url");
    }
  }
  for (const name of NAMES.slice(0, 2)) {
    const look = await (await send(razz, "POST", "/api/cameras/test", { url: `rtsp://${name}/` })).json();
    assert.equal(look.ok, false);
    assert.match(look.error, /which razz does not connect to/);
    const doctor = await run(["doctor", "--camera", `rtsp://${name}/`], { seconds: 40 });
    assert.equal(doctor.code, 1);
    assert.match(doctor.log, /which razz does not connect to/);
  }
  // A stream that a page asks for by URL.
  for (const url of [...NUMBERS, ...NAMES].map((host) => `rtsp://${host}/latest`)) {
    const form = new URLSearchParams({ url, sdp64: Buffer.from("v=0\r\n").toString("base64") });
    const answer = await fetch(razz.compat("/stream"), { method: "POST", body: form });
    assert.ok(answer.status >= 400, `${url}: ${answer.status}`);
  }
  const cameras = await razz.json("/api/cameras");
  for (const camera of cameras) assert.notEqual((await razz.status(camera.id)).state, "online");
});

scenario("a listed network is open to cameras, and to no more than it says", {}, async (world) => {
  // Whoever listens here would see a connection to 0.0.0.0, which Linux takes for this machine.
  let seen = 0;
  const server = createServer((socket) => {
    seen += 1;
    socket.destroy();
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  world.keep(server);
  const url = `rtsp://0.0.0.0:${server.address().port}/x`;
  const closed = await run(["doctor", "--camera", url], { seconds: 40 });
  assert.equal(closed.code, 1);
  assert.equal(seen, 0, "no connection was made");
  const open = await run(["doctor", "--camera", url, "--allow-network", "0.0.0.0"], { seconds: 40 });
  assert.equal(open.code, 1);
  assert.ok(seen > 0, open.log);
  const elsewhere = await run(["doctor", "--camera", "rtsp://169.254.169.254/", "--allow-network", "0.0.0.0"], { seconds: 40 });
  assert.match(elsewhere.log, /which razz does not connect to/);
});
