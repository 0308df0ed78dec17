// Parameter sets wherever a camera puts them: before its key frames alone, or in its SDP alone.

import assert from "node:assert/strict";
import { untilDecoded } from "../lib/browser.mjs";
import { scenario } from "../lib/scenario.mjs";

for (const [kind, where] of [["inband", "before key frames alone"], ["outofband", "in the SDP alone"]]) {
  scenario(`parameter sets that stand ${where}`, { browser: true }, async (world) => {
    const camera = await world.camera({ one: kind });
    // What the camera says of itself is what the test is about.
    const sdp = await camera.describe("one");
    assert.equal(sdp.includes("sprop-parameter-sets"), kind === "outofband", sdp);
    const razz = await world.serve({ detector: { model: "demo" }, camera: [{ id: 1, url: camera.url("one") }] });
    const status = await razz.untilState(1, "online");
    assert.deepEqual(status.size, [640, 480]);
    const page = await world.page(razz.at("/camera-viewer.html?camera=1"));
    await untilDecoded(page, 60);
    assert.ok((await razz.status(1)).fps.decoded > 0, "they reach the detector's decoder too");
  });
}
