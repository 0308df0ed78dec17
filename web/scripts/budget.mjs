// Fails the build when what it made is larger than a page may ask of a slow line, or when the player
// stopped being one file that any page can import and read: it loads one other, when it is to play a recording.
import { readFileSync, readdirSync } from "node:fs";
import { gzipSync } from "node:zlib";

const dist = new URL("../dist/", import.meta.url);
const read = (name) => readFileSync(new URL(name, dist));

const player = read("player.js");
const scripts = readdirSync(new URL("assets/", dist)).filter((name) => name.endsWith(".js"));
const gzipped = (names) => [...names].reduce((sum, name) => sum + gzipSync(read(`assets/${name}`)).length, 0);
const recorded = scripts.filter((name) => name.startsWith("recorded-"));
/** Exports and locks, which the page of recordings loads when they are opened. */
const drawer = scripts.filter((name) => name.startsWith("drawer-"));
/** Pages that are large and have limits of their own: no other page loads what is theirs. */
const LARGE = ["alerts.html", "analytics.html", "areas.html", "playback.html"];
/** All scripts that a page loads, at once or when something of it is looked at. */
const followed = (page) => {
  const found = new Set();
  const follow = (text) => {
    for (const name of scripts) {
      if (found.has(name) || !text.includes(name)) continue;
      found.add(name);
      follow(read(`assets/${name}`).toString());
    }
  };
  follow(read(page).toString());
  return found;
};
const pages = readdirSync(dist).filter((name) => name.endsWith(".html") && name !== "compat-player.html");
const loaded = new Map(pages.map((page) => [page, followed(page)]));
const loadedBy = (page) => loaded.get(page);
const app = new Set(pages.filter((page) => !LARGE.includes(page)).flatMap((page) => [...loadedBy(page)]));
/** What a page loads beyond what the others have loaded before; several of the large ones may share it. */
const ownOf = (page) => [...loadedBy(page)].filter((name) => !app.has(name) && !drawer.includes(name) && !recorded.includes(name));
const appGzip = gzipped(app) + gzipSync(player).length;

const checks = [
  // 1.4 kB of it are there for recordings: `at`, `rate`, `seek`, `step`, `play`, `pause`, and loading what plays them.
  ["player.js, minified", player.length, 62_900],
  // 0.9 kB of it for the link to recordings on every page, and for what pages share now that were in one of them only.
  ["all script of the app with the player but without recordings, gzipped", appGzip, 83_300],
  // 1.1 kB of it for locks on the timeline, and for opening what exports and locks; 0.5 for what is drawn at the boxes.
  ["script of the page of recordings, gzipped", gzipped(ownOf("playback.html")), 18_600],
  ["exports and locks on that page, gzipped", gzipped(drawer), 7_000],
  ["script of the area editor, gzipped", gzipped(ownOf("areas.html")), 17_500],
  // The plots that it shares with the page of a camera are the app's.
  ["script of the page of figures, gzipped", gzipped(ownOf("analytics.html")), 25_000],
  ["script of the page of alerts and rules, gzipped", gzipped(ownOf("alerts.html")), 12_000],
  // Loaded by who plays a recording, and kept by the browser from then on.
  ["what plays recordings, gzipped", gzipped(recorded), 20_000],
  // In every offline export, with the player and what plays recordings: it loads nothing but the data beside it.
  ["the page of an offline export, gzipped", gzipSync(read("offline/index.html")).length, 76_000],
];
let failed = false;
for (const [what, bytes, limit] of checks) {
  const fits = bytes <= limit;
  failed ||= !fits;
  console.log(`${fits ? "ok " : "TOO LARGE"} ${what}: ${bytes} of at most ${limit} bytes`);
}
// What several pages share may end up in the script of one of them, and the others would draw that page as well.
const entryOf = (page) => /<script type="module"[^>]* src="\.\/assets\/([^"]+)"/.exec(read(page).toString())?.[1];
for (const page of pages) {
  const strangers = pages.filter((other) => entryOf(other) !== undefined && entryOf(other) !== entryOf(page) && loadedBy(page).has(entryOf(other)));
  if (strangers.length === 0) continue;
  console.log(`${page} runs the script of ${strangers.join(", ")}: put what they share into a group of vite.config.ts`);
  failed = true;
}
const loads = [...player.toString().matchAll(/\bimport\((.*?)\)/g)].map(([, what]) => what.slice(1, -1));
if (/^\s*import\s|[;}]import\s*["{*]/.test(player.toString()) || loads.join() !== `./assets/${recorded.join()}`) {
  console.log(`player.js has to stand alone but for the one file that plays recordings (${recorded.join()}); it imports ${loads.join(", ")}`);
  failed = true;
}
if (recorded.some((name) => /^\s*import\s|[;}]import\s*["{*]|\bimport\(/.test(read(`assets/${name}`)))) {
  console.log("what plays recordings imports another file: pages of other sites would load a second player");
  failed = true;
}
// The build shortens names of the player's own (vite.player.config.ts): those that pages read have to stay what they are.
const PUBLIC = {
  "state.ts": ["PlayerState", "Percentiles"],
  "diagnostics.ts": ["Diagnostics", "ConnectionFigures"],
  "presenter.ts": ["DrawnFrame"],
  "recorded/details.ts": ["RecordedFrame", "PlaybackDetail", "GapDetail"],
};
for (const [file, interfaces] of Object.entries(PUBLIC)) {
  const source = readFileSync(new URL(`../src/media/${file}`, import.meta.url), "utf8");
  for (const name of interfaces) {
    const body = new RegExp(`export interface ${name}(?: extends \\w+)? \\{(.*?)\n\\}`, "s").exec(source)?.[1];
    const fields = [...(body ?? "").matchAll(/^  (\w+)\??: /gm)].map(([, field]) => field);
    const where = file.startsWith("recorded/") ? recorded.map((name) => read(`assets/${name}`)).join("\n") : player.toString();
    const lost = fields.filter((field) => !new RegExp(`\\b${field}\\b`).test(where));
    if (fields.length > 0 && lost.length === 0) continue;
    console.log(`${file}: ${name} has to reach pages with its own names; ${fields.length === 0 ? "there is no such interface" : `lost: ${lost.join(", ")}`}`);
    failed = true;
  }
}
process.exit(failed ? 1 : 0);
