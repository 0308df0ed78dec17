// HTTPS, WSS and WHEP: in a real browser, with a certificate that is renewed, and one from an authority.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { get } from "node:https";
import path from "node:path";
import { connect } from "node:tls";
import WebSocket from "ws";
import { clip } from "../lib/paths.mjs";
import { config, Razz, written } from "../lib/razz.mjs";
import { scenario } from "../lib/scenario.mjs";
import { freePorts } from "../lib/ports.mjs";
import { until } from "../lib/wait.mjs";

/** The status and text of a page over HTTPS, by who trusts `ca` alone. */
function fetchTls(url, ca) {
  return new Promise((done, failed) => {
    const request = get(url, { ca, servername: "localhost" }, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () => done({ status: response.statusCode, text: Buffer.concat(parts).toString() }));
    });
    request.on("error", failed);
  });
}

/** The serial number of the certificate that is presented. */
function serial(address, servername = "localhost") {
  const [host, port] = [address.slice(0, address.lastIndexOf(":")), Number(address.slice(address.lastIndexOf(":") + 1))];
  return new Promise((done, failed) => {
    const socket = connect({ host, port, servername, rejectUnauthorized: false }, () => {
      done(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    });
    socket.on("error", failed);
  });
}

/** A certificate with its key, signed by itself and fit to sign no other. */
function made(folder, name) {
  const file = (kind) => path.join(folder, `${name}.${kind}`);
  writeFileSync(file("cnf"), `[req]
distinguished_name = name
x509_extensions = extensions
prompt = no
[name]
CN = ${name}
[extensions]
subjectAltName = DNS:localhost,IP:127.0.0.1
basicConstraints = critical,CA:FALSE
`);
  const pair = { cert: file("cert.pem"), key: file("key.pem") };
  execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
    "-config", file("cnf"), "-keyout", pair.key, "-out", pair.cert], { stdio: "ignore" });
  return pair;
}

/** razz with TLS: it answers to no plain HTTP, so its own words say when it listens. */
async function serve(world, content, env) {
  const razz = new Razz(["serve", "--config", written(world.folder, config(content))], env);
  world.children.push(razz);
  razz.addresses = await razz.answer(30);
  return razz;
}

scenario("a browser watches over HTTPS with a certificate made at the first start", { browser: true }, async (world) => {
  const camera = await world.camera({ one: `clip:${clip("street")}` });
  const razz = await serve(world, { server: { tls: { self_signed: true } }, detector: { model: "demo" }, camera: [{ id: 1, url: camera.url("one"), detect_fps: 2 }] });
  const ca = readFileSync(path.join(world.folder, "razz.cert.pem"));
  const base = `https://${razz.addresses.listen}`;
  const healthy = await until("razz to answer", () => fetchTls(`${base}/healthz`, ca));
  assert.equal(healthy.status, 200);
  await assert.rejects(fetchTls(`${base}/healthz`, undefined), /self-signed|unable to verify/);
  assert.equal((await fetch(`http://${razz.addresses.listen}/healthz`)).status, 400);
  await until("the camera to be online", async () => JSON.parse((await fetchTls(`${base}/api/cameras/1/status`, ca)).text).state === "online");

  const socket = new WebSocket(`wss://${razz.addresses.listen}/ws/tracking/1`, { ca, servername: "localhost" });
  const message = await new Promise((done, failed) => {
    socket.on("message", done);
    socket.on("error", failed);
  });
  assert.equal(JSON.parse(message).camera_id, 1);
  socket.terminate();

  const page = await world.page(`${base}/camera-viewer.html?camera=1`, { ignoreHTTPSErrors: true });
  const frames = await until("the browser to draw frames with their tracks", () => page.evaluate(() => {
    const frame = document.querySelector("razz-player")?.frame;
    return frame && frame.mode !== "none" ? frame : null;
  }), { seconds: 40 });
  world.tell(`drawn over HTTPS: ${frames.mode}, RTP timestamp ${frames.rtpTimestamp}`);

  // The endpoints of RTSPtoWebRTC come with the same certificate.
  const codec = await fetchTls(`https://${razz.addresses.compat_listen}/stream/codec/camera1`, ca);
  assert.deepEqual([codec.status, codec.text], [200, '[{"Type":"video"}]']);
});

scenario("a renewed certificate is taken over while razz runs", {}, async (world) => {
  const [old, fresh] = [made(world.folder, "old"), made(world.folder, "new")];
  const razz = await serve(world, { server: { tls: { cert: old.cert, key: old.key, compat: false } }, detector: { model: "demo" } });
  const before = await until("razz to answer", () => serial(razz.addresses.listen));
  assert.equal((await fetch(razz.compat("/stream/codec/camera1"))).status, 200, "plain, as wanted");
  // As certbot and others do: one file after the other.
  const expected = readFileSync(fresh.cert);
  renameSync(fresh.cert, old.cert);
  await until("the pair that does not fit to be said", () => /do not go together/.test(razz.log.join("\n")), { seconds: 10 });
  assert.equal(await serial(razz.addresses.listen), before);
  renameSync(fresh.key, old.key);
  await until("the new certificate to be presented", async () => (await serial(razz.addresses.listen)) !== before, { seconds: 10 });
  assert.equal((await fetchTls(`https://${razz.addresses.listen}/healthz`, expected)).status, 200);
});

const PEBBLE = "/usr/bin/pebble";

/** An authority that checks names at one port of this machine; `more` goes into its settings. */
async function authority(world, more = {}) {
  const [acme, management, dns, dnsManagement, listen] = await freePorts(5);
  const own = made(world.folder, "pebble");
  const file = path.join(world.folder, "pebble.json");
  writeFileSync(file, JSON.stringify({ pebble: {
    listenAddress: `127.0.0.1:${acme}`, managementListenAddress: `127.0.0.1:${management}`,
    certificate: own.cert, privateKey: own.key, httpPort: 1, tlsPort: listen, ocspResponderURL: "", ...more,
  } }));
  // Every name leads here.
  world.program("DNS", "/usr/bin/pebble-challtestsrv", ["-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-dns01", `127.0.0.1:${dns}`,
    "-http01", "", "-https01", "", "-tlsalpn01", "", "-management", `127.0.0.1:${dnsManagement}`]);
  const directory = `https://127.0.0.1:${acme}/dir`;
  const start = async () => {
    const program = world.program("ACME", PEBBLE, ["-config", file, "-dnsserver", `127.0.0.1:${dns}`],
      { PEBBLE_VA_NOSLEEP: "1", PEBBLE_WFE_NONCEREJECT: "20" });
    await until("the authority to answer", async () => (await fetchTls(directory, readFileSync(own.cert))).status === 200);
    return program;
  };
  const settings = {
    server: {
      listen: `127.0.0.1:${listen}`,
      tls: { acme: { domains: ["cameras.razz.test", "gate.razz.test"], contact: ["someone@razz.test"], directory, directory_ca: own.cert } },
    },
    detector: { model: "demo" },
  };
  return { management, own, settings, start, program: await start() };
}

scenario("a certificate comes from an ACME authority and is kept", { seconds: 120 }, async (world) => {
  if (!existsSync(PEBBLE)) return world.t.skip(`there is no ${PEBBLE} (Debian package pebble)`);
  const { management, own, settings } = await authority(world);
  const razz = await serve(world, settings);
  const first = await until("the certificate to be there", () => serial(razz.addresses.listen, "cameras.razz.test"), { seconds: 60 });
  const root = await (async () => {
    const get = await fetchTls(`https://127.0.0.1:${management}/roots/0`, readFileSync(own.cert));
    return get.text;
  })();
  const answer = await new Promise((done, failed) => {
    const request = getAs("cameras.razz.test", razz.addresses.listen, root, done);
    request.on("error", failed);
  });
  assert.equal(answer, 200, "who trusts the authority trusts razz");
  await razz.stop();
  const again = await serve(world, settings);
  const second = await until("razz to answer again", () => serial(again.addresses.listen, "cameras.razz.test"));
  assert.equal(second, first, "kept, not asked for again");
});

scenario("a certificate is renewed in time, even by an authority that has forgotten razz", { seconds: 120 }, async (world) => {
  if (!existsSync(PEBBLE)) return world.t.skip(`there is no ${PEBBLE} (Debian package pebble)`);
  const { settings, start, program } = await authority(world, { certificateValidityPeriod: 30 });
  const razz = await serve(world, settings);
  const presented = () => serial(razz.addresses.listen, "gate.razz.test");
  const first = await until("the certificate to be there", presented, { seconds: 60 });
  // It has 30 seconds; when 20 are over, the account is not there any more.
  await program.kill();
  await start();
  const renewed = await until("another certificate", async () => {
    const now = await presented();
    return now !== first && now;
  }, { seconds: 60 });
  world.tell(`${first} gave way to ${renewed}`);
  assert.ok(razz.log.some((line) => line.includes("no account with the key that was kept")), razz.log.join("\n"));
});

function getAs(name, address, ca, done) {
  return get(`https://${address}/healthz`, { ca, servername: name, headers: { host: name } }, (response) => {
    response.resume();
    done(response.statusCode);
  });
}
