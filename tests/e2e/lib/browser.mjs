// A real Chromium, and what the tests ask of a page in it.

import { chromium } from "playwright-core";
import { CHROMIUM } from "./paths.mjs";
import { until } from "./wait.mjs";

/** Flags without which a browser in a container does not start, or calls home. */
export const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--autoplay-policy=no-user-gesture-required",
];

export const launch = () => chromium.launch({ executablePath: CHROMIUM, headless: true, args: FLAGS });

/** Runs before a page's own scripts: keeps its peer connections, so that their statistics can be read. */
function keepPeers() {
  window.peers = [];
  window.RTCPeerConnection = class extends window.RTCPeerConnection {
    constructor(...args) {
      super(...args);
      window.peers.push(this);
    }
  };
}

/** Leads a page to `url`. The load event is not waited for: a video without a frame holds it up. */
export const goTo = (page, url) => page.goto(url, { waitUntil: "domcontentloaded" });

/** A page at exactly 1280x720 CSS pixels, one device pixel each, unless told otherwise. */
export async function openPage(browser, url, { onConsole = () => {}, width = 1280, height = 720, ratio = 1, ...more } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, deviceScaleFactor: ratio, ...more });
  const page = await context.newPage();
  page.on("console", (message) => onConsole(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => onConsole(`uncaught: ${error.message}`));
  await page.addInitScript(keepPeers);
  await goTo(page, url);
  return page;
}

/** Sums of the page's inbound video over its peer connections that are not closed. */
export function videoStats(page) {
  return page.evaluate(async () => {
    const sum = { framesDecoded: 0, framesReceived: 0, framesDropped: 0, framesPresented: 0, freezeCount: 0, packetsLost: 0, peers: 0 };
    for (const peer of window.peers) {
      if (peer.connectionState === "closed") continue;
      sum.peers += 1;
      for (const report of (await peer.getStats()).values()) {
        if (report.type !== "inbound-rtp" || report.kind !== "video") continue;
        for (const key of Object.keys(sum)) sum[key] += report[key] ?? 0;
      }
    }
    return sum;
  });
}

/** Waits until the page has decoded `frames` frames. */
export function untilDecoded(page, frames, seconds = 15) {
  return until(`${frames} decoded frames in the browser`, async () => {
    const stats = await videoStats(page);
    if (stats.framesDecoded >= frames) return stats;
    throw new Error(JSON.stringify(stats));
  }, { seconds });
}

/** Waits until a page has `count` players with their canvas. */
export function untilPlayers(page, count) {
  return until(`${count} players on the page`, async () => {
    const found = await page.evaluate(() =>
      [...document.querySelectorAll("razz-player")].filter((player) => player.shadowRoot?.querySelector("#overlay")).length);
    return found === count;
  }, { seconds: 20 });
}

/** The first player of a page fills the window: at 1280x720 one picture pixel is one canvas pixel. */
export async function fillWithPlayer(page) {
  await untilPlayers(page, 1);
  await page.evaluate(() => {
    document.querySelector("razz-player").style.cssText =
      "position: fixed; left: 0; top: 0; width: 100vw; height: 100vh; max-height: none; margin: 0; border: 0; z-index: 1000";
  });
}

/** Counts the page's presented frames by requestVideoFrameCallback, as `window.presented`. */
export function countPresented(page) {
  return page.evaluate(() => {
    const player = document.querySelector("razz-player");
    const video = player?.shadowRoot?.querySelector("video") ?? document.querySelector("video");
    window.presented = 0;
    const count = () => {
      window.presented += 1;
      video.requestVideoFrameCallback(count);
    };
    video.requestVideoFrameCallback(count);
  });
}
