// Clients that break off, and senders that are no clients: a viewer beside them notices nothing.

import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import net from "node:net";
import { untilDecoded, videoStats } from "../lib/browser.mjs";
import { delivered } from "../lib/delivery.mjs";
import { clip } from "../lib/paths.mjs";
import { scenario } from "../lib/scenario.mjs";
import { Seeded } from "../lib/seeded.mjs";
import { measureFor, until } from "../lib/wait.mjs";

const UPGRADE = (address) =>
  `GET /ws/tracking/1?every_frame=1 HTTP/1.1\r\nHost: ${address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/** What is sent after the upgrade, before the socket is torn down; all of it breaks RFC 6455 or stops half-way. */
const HALVES = {
  nothing: Buffer.alloc(0),
  "half a frame header": Buffer.from([0x81]),
  "a header that promises more": Buffer.from([0x81, 0xfe, 0xff]),
  "half a payload": Buffer.from([0x81, 0x85, 1, 2, 3, 4, 5]),
  "an unmasked frame": Buffer.from([0x81, 0x02, 0x7b, 0x7d]),
  "a reserved opcode": Buffer.from([0x83, 0x80, 0, 0, 0, 0]),
  "a frame of 2^63 bytes": Buffer.from([0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4]),
  "text that is not UTF-8": Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28]),
  "a close without its code": Buffer.from([0x88, 0x81, 0, 0, 0, 0, 3]),
};

scenario("WebSockets closed half-way", {}, async (world) => {
  const camera = await world.camera({ one: `clip:${clip("street")}` });
  const razz = await world.serve({ camera: [{ id: 1, url: camera.url("one") }] });
  await razz.untilState(1, "online");
  const steady = world.keep(razz.tracks(1, "?every_frame=1"));
  await steady.take(30);
  const [host, port] = razz.addresses.listen.split(":");
  for (let round = 0; round < 5; round += 1) {
    for (const [what, bytes] of Object.entries(HALVES)) {
      const socket = net.connect(Number(port), host);
      socket.on("error", () => {});
      await once(socket, "connect");
      socket.write(UPGRADE(razz.addresses.listen));
      const [answer] = await once(socket, "data");
      assert.match(answer.toString(), /^HTTP\/1\.1 101 /, what);
      socket.write(bytes);
      if (round % 2 === 0) socket.resetAndDestroy();
      else socket.destroy();
    }
    // And requests that end before they are complete.
    const socket = net.connect(Number(port), host);
    socket.on("error", () => {});
    await once(socket, "connect");
    socket.end(UPGRADE(razz.addresses.listen).slice(0, 60 + 20 * round));
  }
  const seen = steady.messages.length;
  await steady.take(seen + 30);
  assert.ok(razz.log.every((line) => !/panicked/.test(line)), "nothing panicked");
  assert.equal((await razz.status(1)).state, "online");
});

/** Datagrams that look like each protocol on the port, and like none. */
function* garbage(chance) {
  const stun = (length, ...attributes) => {
    const header = Buffer.alloc(20);
    header.writeUInt16BE(0x0001, 0);
    header.writeUInt16BE(length, 2);
    header.writeUInt32BE(0x2112a442, 4);
    chance.bytes(12).copy(header, 8);
    return Buffer.concat([header, ...attributes]);
  };
  const attribute = (type, value) => {
    const head = Buffer.alloc(4);
    head.writeUInt16BE(type, 0);
    head.writeUInt16BE(value.length, 2);
    return Buffer.concat([head, value, Buffer.alloc((4 - (value.length % 4)) % 4)]);
  };
  yield Buffer.alloc(0);
  for (const size of [1, 2, 12, 20, 100, 1200, 1472]) yield chance.bytes(size);
  yield stun(0);
  yield stun(0xfffc);
  const username = attribute(0x0006, Buffer.from("nobody:noone"));
  yield stun(username.length, username);
  const broken = attribute(0x0006, Buffer.alloc(8));
  broken.writeUInt16BE(0xffff, 2);
  yield stun(broken.length, broken);
  const handshake = Buffer.concat([Buffer.from([22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 1, 0, 40]), chance.bytes(40)]);
  yield handshake;
  yield handshake.subarray(0, 20);
  yield Buffer.concat([Buffer.from([0x80, 96, 0, 1]), chance.bytes(200)]);
  yield Buffer.concat([Buffer.from([0x81, 206, 0, 2]), chance.bytes(8)]);
  yield Buffer.concat([Buffer.from([0xff, 200, 0xff, 0xff]), chance.bytes(1000)]);
}

scenario("garbage on the WebRTC port while a viewer watches", { browser: true }, async (world) => {
  const camera = await world.camera({ one: `clip:${clip("street")}` });
  const razz = await world.serve({ camera: [{ id: 1, url: camera.url("one"), detect_fps: 0 }] });
  const page = await world.page(razz.at("/camera-viewer.html?camera=1"));
  await untilDecoded(page, 90);
  const [host, port] = razz.addresses.webrtc_udp.split(":");
  const socket = world.keep(createSocket("udp4"));
  let datagrams = 0;
  const chance = new Seeded(world);
  const { sent, received, decoded } = await delivered(camera, page, async () => {
    for (let burst = 0; burst < 80; burst += 1) {
      for (const datagram of garbage(chance)) {
        socket.send(datagram, Number(port), host);
        datagrams += 1;
      }
      await measureFor(0.1);
    }
    // TCP on the same number, with frames of RFC 4571 that make no sense.
    for (const bytes of [Buffer.from([0xff]), Buffer.from([0xff, 0xff, 1, 2, 3]), Buffer.concat([Buffer.from([0, 200]), chance.bytes(200)])]) {
      const stream = net.connect(Number(port), host);
      stream.on("error", () => {});
      stream.on("connect", () => stream.end(bytes));
    }
  });
  world.tell(`${datagrams} datagrams of garbage; of ${sent} frames ${received} received and ${decoded} decoded meanwhile`);
  // How many a busy browser decodes is not the garbage's doing.
  assert.ok(received >= 0.99 * sent, `${received} of ${sent} frames received`);
  assert.equal((await razz.status(1)).viewers, 1);
  assert.ok(razz.log.every((line) => !/panicked/.test(line)), "nothing panicked");
  const { framesDecoded } = await videoStats(page);
  await until("the viewer to go on", async () => (await videoStats(page)).framesDecoded > framesDecoded + 30);
});
