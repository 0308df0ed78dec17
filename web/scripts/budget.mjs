// Fails the build when what it made is larger than a page may ask of a slow line, or when the player
// stopped being one file that any page can import and read.
import { readFileSync, readdirSync } from "node:fs";
import { gzipSync } from "node:zlib";

const dist = new URL("../dist/", import.meta.url);
const read = (name) => readFileSync(new URL(name, dist));

const player = read("player.js");
const app = readdirSync(new URL("assets/", dist)).filter((name) => name.endsWith(".js"));
const appGzip = app.reduce((sum, name) => sum + gzipSync(read(`assets/${name}`)).length, gzipSync(player).length);

const checks = [
  ["player.js, minified", player.length, 61_500],
  ["all script of the app with the player, gzipped", appGzip, 81_700],
];
let failed = false;
for (const [what, bytes, limit] of checks) {
  const fits = bytes <= limit;
  failed ||= !fits;
  console.log(`${fits ? "ok " : "TOO LARGE"} ${what}: ${bytes} of at most ${limit} bytes`);
}
if (/^\s*import\s|[;}]import\s*["{*]|\bimport\(/.test(player.toString())) {
  console.log("player.js imports another file; it has to stand alone");
  failed = true;
}
// The build shortens names of the player's own (vite.player.config.ts): those that pages read have to stay what they are.
const PUBLIC = { "state.ts": ["PlayerState", "Percentiles"], "diagnostics.ts": ["Diagnostics", "ConnectionFigures"], "presenter.ts": ["DrawnFrame"] };
for (const [file, interfaces] of Object.entries(PUBLIC)) {
  const source = readFileSync(new URL(`../src/media/${file}`, import.meta.url), "utf8");
  for (const name of interfaces) {
    const body = new RegExp(`export interface ${name} \\{(.*?)\n\\}`, "s").exec(source)?.[1];
    const fields = [...(body ?? "").matchAll(/^  (\w+)\??: /gm)].map(([, field]) => field);
    const lost = fields.filter((field) => !new RegExp(`\\b${field}\\b`).test(player.toString()));
    if (fields.length > 0 && lost.length === 0) continue;
    console.log(`${file}: ${name} has to reach pages with its own names; ${fields.length === 0 ? "there is no such interface" : `lost: ${lost.join(", ")}`}`);
    failed = true;
  }
}
process.exit(failed ? 1 : 0);
