// Fails the build when what it made is larger than a page may ask of a slow line, or when the player
// stopped being one file that any page can import and read: it loads one other, when it is to play a recording.
import { readFileSync, readdirSync } from "node:fs";
import { gzipSync } from "node:zlib";

const dist = new URL("../dist/", import.meta.url);
const read = (name) => readFileSync(new URL(name, dist));

const player = read("player.js");
const scripts = readdirSync(new URL("assets/", dist)).filter((name) => name.endsWith(".js"));
const recorded = scripts.filter((name) => name.startsWith("recorded-"));
const app = scripts.filter((name) => !recorded.includes(name));
const appGzip = app.reduce((sum, name) => sum + gzipSync(read(`assets/${name}`)).length, gzipSync(player).length);

const checks = [
  // 1.3 kB of it are there for recordings: `at`, `rate`, `seek`, `step`, `play`, `pause`, and loading what plays them.
  ["player.js, minified", player.length, 62_900],
  ["all script of the app with the player, gzipped", appGzip, 82_400],
  // Loaded by who plays a recording, and kept by the browser from then on.
  ["what plays recordings, gzipped", recorded.reduce((sum, name) => sum + gzipSync(read(`assets/${name}`)).length, 0), 20_000],
];
let failed = false;
for (const [what, bytes, limit] of checks) {
  const fits = bytes <= limit;
  failed ||= !fits;
  console.log(`${fits ? "ok " : "TOO LARGE"} ${what}: ${bytes} of at most ${limit} bytes`);
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
  "recorded/index.ts": ["RecordedFrame", "PlaybackDetail", "GapDetail"],
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
