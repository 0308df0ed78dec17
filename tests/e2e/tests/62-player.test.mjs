// The player beside the straight path: connections that fail apart, a page that moves it about, hands that slip.

import assert from "node:assert/strict";
import { untilPlayers } from "../lib/browser.mjs";
import { scenario } from "../lib/scenario.mjs";
import { Tabs } from "../lib/tab.mjs";
import { until } from "../lib/wait.mjs";

const PAGE = "/camera-viewer.html?camera=1";
const player = (page, what) => page.evaluate(`(${what})(document.querySelector("razz-player"))`);
const inside = (page, selector) => page.evaluate((wanted) => document.querySelector("razz-player").shadowRoot.querySelector(wanted)?.textContent ?? "", selector);
/** Frames go on being drawn. */
async function untilFrames(page, what) {
  const before = await player(page, (p) => p.frame?.rtpTimestamp);
  await until(what, () => page.evaluate((rtp) => {
    const { state, frame } = document.querySelector("razz-player");
    return state?.noPicture.length === 0 && frame !== null && frame.rtpTimestamp !== rtp;
  }, before), { seconds: 30 });
}

scenario("without the WebSocket the video goes on and says why there are no boxes; without the video the WebSocket goes on", { browser: true, seconds: 120 }, async (world) => {
  const razz = await world.razz(["demo", "--port", "0", "--cameras", "1"]);
  const page = await world.page("about:blank");
  let cut = false;
  const sockets = new Set();
  await page.routeWebSocket(/\/ws\/tracking\//, (socket) => {
    if (cut) return void socket.close();
    socket.connectToServer();
    sockets.add(socket);
  });
  await page.goto(razz.at(PAGE), { waitUntil: "domcontentloaded" });
  await until("boxes", () => player(page, (p) => p.frame?.tracks.length > 0), { seconds: 60 });

  cut = true;
  for (const socket of sockets) await socket.close();
  await until("words on the boxes", async () => /No boxes: the WebSocket/.test(await inside(page, "#notice")), { seconds: 20 });
  assert.equal(await player(page, (p) => p.state.video), "playing");
  await untilFrames(page, "frames without tracks");
  const peers = await page.evaluate(() => window.peers.length);
  cut = false;
  await until("boxes again, and no word", async () => (await player(page, (p) => p.frame?.mode === "exact" && p.frame.tracks.length > 0)) && (await inside(page, "#notice")) === "", { seconds: 30 });
  assert.equal(await page.evaluate(() => window.peers.length), peers, "the video's connection was left alone");

  const opened = sockets.size;
  await page.evaluate(() => window.peers.at(-1).close());
  await untilFrames(page, "another session after the old one is lost");
  await until("the new connection", () => page.evaluate((count) => window.peers.length > count, peers), { seconds: 30 });
  assert.equal(sockets.size, opened, "the WebSocket was left alone");
});

scenario("no way through for the video is said in words, and its end as well", { browser: true, seconds: 120 }, async (world) => {
  const razz = await world.razz(["demo", "--port", "0", "--cameras", "1"]);
  const page = await world.page("about:blank");
  // As behind a firewall: the candidates lead to a port at which nobody is.
  await page.addInitScript(() => {
    window.blocked = true;
    const set = RTCPeerConnection.prototype.setRemoteDescription;
    RTCPeerConnection.prototype.setRemoteDescription = function (description) {
      const sdp = window.blocked ? description.sdp.replace(/^(a=candidate:(?:\S+ ){5})\d+/gm, "$19") : description.sdp;
      return set.call(this, { type: description.type, sdp });
    };
  });
  await page.goto(razz.at(PAGE), { waitUntil: "domcontentloaded" });
  await until("words on the way", async () => /No way through for the video: neither its UDP nor its TCP port|no way through for the video: neither its UDP nor its TCP port/.test(await inside(page, "#words")), { seconds: 60 });
  // Who hears the page hears it once, without the seconds until the next try.
  assert.doesNotMatch(await inside(page, "#spoken"), / in \d+ s/);
  await page.evaluate(() => { window.blocked = false; });
  await until("a picture once the way is free", () => player(page, (p) => p.frame !== null && p.state.noPicture.length === 0), { seconds: 60 });
});

scenario("taken off the page and put back, given another camera, and without its controls", { browser: true, seconds: 120 }, async (world) => {
  const razz = await world.razz(["demo", "--port", "0", "--cameras", "2"]);
  const page = await world.page(razz.at(PAGE));
  await untilPlayers(page, 1);
  await until("a picture", () => player(page, (p) => p.frame !== null), { seconds: 60 });
  await page.focus("razz-player");
  await page.keyboard.press("d");
  const figures = () => player(page, (p) => p.shadowRoot.querySelector("[aria-label=Figures]")?.hidden ?? null);
  assert.equal(await figures(), false);
  await page.evaluate(() => {
    window.kept = document.querySelector("razz-player");
    window.place = window.kept.parentElement;
    window.kept.remove();
  });
  await until("everything to end", () => page.evaluate(() => window.kept.state === null && window.peers.every((peer) => peer.connectionState === "closed")));
  await until("the server to have no viewer", async () => (await razz.status(1)).viewers === 0, { seconds: 20 });
  await page.evaluate(() => window.place.prepend(window.kept));
  await untilFrames(page, "frames after it was put back");
  assert.equal(await figures(), true, "what was open is closed, and not old");

  await player(page, (p) => p.setAttribute("camera", "2"));
  await until("the other camera's frames", async () => {
    const [one, two] = [await razz.status(1), await razz.status(2)];
    return one.viewers === 0 && two.viewers === 1;
  }, { seconds: 30 });
  await untilFrames(page, "frames of the other camera");
  const rates = await page.evaluate(async () => {
    const { connection } = await document.querySelector("razz-player").diagnostics();
    return connection.bitrateKbps;
  });
  assert.ok(rates === null || rates >= 0, `${rates} kbit/s`);

  const transform = () => player(page, (p) => p.shadowRoot.querySelector("video").style.transform);
  await page.focus("razz-player");
  await page.keyboard.press("+");
  assert.match(await transform(), /scale/);
  await player(page, (p) => p.removeAttribute("controls"));
  assert.equal(await transform(), "", "whole again: there is no way back otherwise");

  await player(page, (p) => p.setAttribute("max-hold", "60"));
  await until("a hold within the limit", () => player(page, (p) => p.state.holdLimitMs === 60 && p.state.holdMs <= 60 && p.state.jitterBufferTargetMs <= 60));
});

scenario("a press that ends elsewhere drags nothing, and the wheel scrolls a page that can be scrolled", { browser: true, seconds: 90 }, async (world) => {
  const razz = await world.razz(["demo", "--port", "0", "--cameras", "1"]);
  const page = await world.page(razz.at(PAGE), { width: 1200, height: 640 });
  await until("a picture", () => player(page, (p) => p.frame !== null), { seconds: 60 });
  const transform = () => player(page, (p) => p.shadowRoot.querySelector("video").style.transform);
  const { x, y, width, height } = await page.locator("razz-player").boundingBox();
  const [left, top] = [x + width / 2, y + height / 2];
  for (const button of ["left", "right"]) {
    await page.mouse.move(left, top);
    await page.mouse.down({ button });
    await page.mouse.move(x + width + 60, top);
    await page.mouse.up({ button });
  }
  await page.mouse.move(left, top);
  await page.mouse.wheel(0, -300);
  await until("the picture magnified", async () => /scale\(2\)/.test(await transform()));
  const before = await transform();
  await page.mouse.move(left + 80, top + 40, { steps: 4 });
  assert.equal(await transform(), before, "nobody holds a button");
  await page.mouse.down();
  await page.mouse.move(left + 20, top + 10, { steps: 4 });
  await page.mouse.up();
  assert.notEqual(await transform(), before, "somebody does");
  await page.mouse.dblclick(left, top);
  assert.equal(await transform(), "");

  // Beneath the picture are charts, to which the wheel scrolls.
  await until("charts", () => page.evaluate(() => document.querySelectorAll(".minutes canvas").length === 5), { seconds: 20 });
  await page.evaluate(() => document.activeElement?.blur());
  await page.mouse.move(left, top);
  await page.mouse.wheel(0, 40);
  const scrolled = () => page.evaluate(() => document.querySelector(".watch").scrollTop);
  await until("the page to scroll", async () => (await scrolled()) >= 30);
  await page.mouse.wheel(0, -20);
  await until("the page to scroll back", async () => (await scrolled()) <= 25);
  assert.equal(await transform(), "");
  await page.keyboard.down("Control");
  await page.mouse.wheel(0, -300);
  await page.keyboard.up("Control");
  await until("the picture magnified with Ctrl", async () => /scale/.test(await transform()));
});

scenario("an enlarged camera is a whole player", { browser: true, seconds: 120 }, async (world) => {
  const razz = await world.razz(["demo", "--port", "0", "--cameras", "2"]);
  const page = await world.page(razz.at("/"));
  await untilPlayers(page, 2);
  const large = () => page.evaluate(() => Number(document.querySelector(".tile.large")?.dataset.camera ?? 0));
  const has = (name) => page.evaluate((attribute) => document.querySelector(".tile.large razz-player").hasAttribute(attribute), name);
  await page.locator("[data-camera='1'] .picture").click();
  await until("the first alone", async () => (await large()) === 1);
  await page.getByRole("button", { name: "figures" }).waitFor({ state: "attached" });
  await page.keyboard.press("b");
  assert.equal(await has("no-boxes"), true, "B with the focus on it");
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("b");
  assert.equal(await has("no-boxes"), false, "B without");
  // A panel takes Esc first, a magnified picture the arrows.
  await page.keyboard.press("d");
  await page.keyboard.press("Escape");
  assert.equal(await large(), 1);
  await page.keyboard.press("+");
  await page.keyboard.press("ArrowRight");
  assert.equal(await large(), 1);
  await page.keyboard.press("0");
  await page.keyboard.press("ArrowRight");
  await until("the second alone", async () => (await large()) === 2);
  await until("its picture", () => page.evaluate(() => document.querySelector(".tile.large razz-player").frame !== null), { seconds: 60 });
  await page.getByRole("button", { name: "All cameras" }).click();
  await until("both", async () => (await large()) === 0);
  assert.equal(await page.evaluate(() => document.querySelectorAll("razz-player:is([controls], [tabindex])").length), 0, "no player takes the focus");
  await until("the focus where it was", () => page.evaluate(() => document.activeElement.closest("[data-camera]")?.dataset.camera === "2"));
});

scenario("a player that nobody sees any more ends when its floating window is closed", { browser: true, seconds: 150 }, async (world) => {
  const razz = await world.razz(["demo", "--port", "0", "--cameras", "1"]);
  const tabs = world.keep(await Tabs.open());
  const tab = await tabs.tab(razz.at(PAGE));
  await until("boxes", () => tab.evaluate(() => document.querySelector("razz-player")?.frame?.tracks.length > 0), { seconds: 60 });
  await tab.evaluate(() => {
    const player = document.querySelector("razz-player");
    player.setAttribute("when-visible", "");
    const request = HTMLVideoElement.prototype.requestPictureInPicture;
    HTMLVideoElement.prototype.requestPictureInPicture = function () {
      window.floating = this;
      return request.call(this);
    };
    player.focus();
  });
  await until("the player to be seen", () => tab.evaluate(() => document.querySelector("razz-player").frame !== null), { seconds: 30 });
  await tab.send("Input.dispatchKeyEvent", { type: "keyDown", key: "p", code: "KeyP", text: "p", windowsVirtualKeyCode: 80 });
  await tab.send("Input.dispatchKeyEvent", { type: "keyUp", key: "p", code: "KeyP", windowsVirtualKeyCode: 80 });
  await until("the window", () => tab.evaluate(() => document.querySelector("razz-player").state.pictureInPicture), { seconds: 10 });
  const other = await tabs.tab("about:blank");
  await other.front();
  await until("the tab to be hidden", () => tab.evaluate(() => document.visibilityState === "hidden"), { seconds: 10 });
  // After 30 s in the background only the window keeps it going.
  await until("half a minute in the background", () => tab.evaluate(() => {
    window.hiddenSince ??= performance.now();
    return performance.now() - window.hiddenSince > 33_000;
  }), { seconds: 45, every: 500 });
  assert.equal((await razz.status(1)).viewers, 1, "the window is looked at");
  await tab.evaluate(() => void document.exitPictureInPicture());
  await until("the player to end", () => tab.evaluate(() => document.querySelector("razz-player").state === null), { seconds: 15 });
  await until("the server to have no viewer", async () => (await razz.status(1)).viewers === 0, { seconds: 20 });
});
