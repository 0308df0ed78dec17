// Every way a camera is reached: TCP and UDP, Digest and Basic, credentials in the address or beside it.

import assert from "node:assert/strict";
import { ticksBetween } from "../lib/counter.mjs";
import { clip } from "../lib/paths.mjs";
import { scenario } from "../lib/scenario.mjs";

// Characters that an address must carry percent-encoded.
const PASSWORD = "p@ss/w:rd #1";

for (const auth of ["digest", "basic"]) {
  scenario(`${auth}: in the address, beside it, over TCP and UDP`, {}, async (world) => {
    const camera = await world.camera({ one: `clip:${clip("street")}` }, { user: "viewer", password: PASSWORD, auth });
    const plain = camera.url("one");
    const inside = plain.replace("rtsp://", `rtsp://viewer:${encodeURIComponent(PASSWORD)}@`);
    const beside = { url: plain, username: "viewer", password: PASSWORD };
    const razz = await world.serve({
      camera: [
        { id: 1, url: inside, detect_fps: 0 },
        { id: 2, ...beside, detect_fps: 0 },
        { id: 3, ...beside, transport: "udp", detect_fps: 0.5 },
      ],
    });
    for (const id of [1, 2, 3]) {
      const status = await razz.untilState(id, "online");
      assert.equal(status.codec, "H264");
      assert.equal(status.profile, "Constrained High");
      assert.deepEqual(status.size, [1280, 720]);
      assert.equal(status.b_frames, false);
      assert.equal((await razz.json(`/api/cameras/${id}`)).url, plain, "the address without its credentials");
    }
    // Over UDP too, frames have their messages. (A busy machine may lose a datagram: that is UDP.)
    const feed = world.keep(razz.tracks(3, "?every_frame=1"));
    const stamps = (await feed.take(120)).map((message) => message.json.rtp_timestamp);
    const odd = stamps.slice(2).filter((stamp, index) => Math.abs(ticksBetween(stamp, stamps[index + 1]) - 3000) > 2);
    world.tell(`UDP: ${odd.length} of 118 steps were not one frame, ${(await razz.status(3)).lost_packets} packets lost`);
    assert.ok(odd.length <= 6, `${odd.length} of 118 steps were not one frame`);
  });
}
