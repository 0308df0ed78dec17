// The page for a long time: node soak-page.mjs [MINUTES, 30 unless given]. `make soak-page MINUTES=30`
// A Chromium watches a camera's page of the demo (RAZZ_SOAK_PAGE names another). Every half minute it collects garbage
// and tells the page's memory, its nodes and listeners, and how many frames each player drew. It fails when one of them
// keeps growing, or when a player's loop has stopped.

import { goTo, launch, untilPlayers } from "./lib/browser.mjs";
import { Razz } from "./lib/razz.mjs";
import { measureFor, until } from "./lib/wait.mjs";

const MINUTES = Number(process.argv[2] ?? 30);
const EVERY_S = Math.min(30, MINUTES * 6);
/** After a warm-up (compiled code, caches), the heap may be larger at the end by this part, and by so many bytes. */
const WARM_UP = 0.25;
const MORE = 0.15;
const MORE_BYTES = 3e6;

const razz = await new Razz(["demo", "--port", "0"]).listening();
const browser = await launch();
const rows = [];
const problems = [];
try {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 720 } })).newPage();
  page.on("pageerror", (error) => problems.push(`uncaught: ${error.message}`));
  await goTo(page, razz.at(process.env.RAZZ_SOAK_PAGE ?? "/camera-viewer.html?camera=1"));
  await untilPlayers(page, 1);
  await until("boxes", () => page.evaluate(() => document.querySelector("razz-player").frame?.tracks.length > 0), { seconds: 60 });
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.enable");
  const drawn = () => page.evaluate(() => [...document.querySelectorAll("razz-player")].map(({ state }) =>
    state && Object.values(state.counts).reduce((sum, count) => sum + count, 0)));
  let before = await drawn();
  const end = performance.now() + MINUTES * 60_000;
  while (performance.now() < end) {
    await measureFor(EVERY_S);
    await session.send("HeapProfiler.collectGarbage");
    const { usedSize } = await session.send("Runtime.getHeapUsage");
    const { nodes, jsEventListeners } = await session.send("Memory.getDOMCounters");
    const now = await drawn();
    const frames = now.map((count, at) => count - before[at]);
    before = now;
    rows.push({ usedSize, nodes, jsEventListeners });
    const server = (await razz.json("/api/stats")).memory_bytes;
    console.log(
      `${((rows.length * EVERY_S) / 60).toFixed(1)} min: heap ${(usedSize / 1e6).toFixed(2)} MB, ${nodes} nodes, ${jsEventListeners} listeners, ` +
        `${frames.join(" + ")} frames, server ${(server / 1e6).toFixed(0)} MB`,
    );
    if (frames.some((count) => !(count > EVERY_S))) problems.push(`a player drew ${Math.min(...frames)} frames in ${EVERY_S} s`);
  }
} finally {
  await browser.close();
  await razz.stop();
}

/** The median, which a single garbage collection at a bad moment does not move. */
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const settled = rows.slice(Math.floor(rows.length * WARM_UP));
const third = Math.max(1, Math.floor(settled.length / 3));
for (const [key, slack] of [["usedSize", MORE_BYTES], ["nodes", 400], ["jsEventListeners", 100]]) {
  const [early, late] = [settled.slice(0, third), settled.slice(-third)].map((some) => median(some.map((row) => row[key])));
  console.log(`${key}: ${early} early, ${late} late`);
  if (late > early * (1 + MORE) && late > early + slack) problems.push(`${key} grew from ${early} to ${late}`);
}
for (const problem of problems) console.error(`soak-page: ${problem}`);
process.exitCode = problems.length > 0 ? 1 : 0;
