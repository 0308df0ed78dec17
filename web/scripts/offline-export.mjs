// Makes the folder of an offline export from what a running razz has recorded: to try dist/offline/index.html.
//   node scripts/offline-export.mjs http://127.0.0.1:8003 1,2 2026-11-30T14:03:00Z 2026-11-30T14:05:00Z /tmp/export
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

const [base, cameras, from, to, folder] = process.argv.slice(2);
if (!folder) throw new Error("usage: offline-export.mjs URL CAMERAS FROM TO FOLDER");
const [begin, end] = [from, to].map((text) => Date.parse(text) / 1000);
const CHUNK_BYTES = 4 * 1024 * 1024;
const HOUR_90K = 3_600 * 90_000;

const ask = async (route) => {
  const answer = await fetch(`${base}/api/${route}`);
  if (!answer.ok) throw new Error(`${route}: ${answer.status} ${await answer.text()}`);
  return answer;
};
const query = `from=${begin}&to=${end}`;
mkdirSync(path.join(folder, "data"), { recursive: true });

/** Header and fragments of an answer, each with its media time and whether it begins with a key picture. */
function fragmentsOf(bytes) {
  const fragments = [];
  let header = Buffer.alloc(0);
  let open = null;
  for (let at = 0, size; at + 8 <= bytes.length; at += size) {
    size = bytes.readUInt32BE(at);
    const type = bytes.toString("latin1", at + 4, at + 8);
    const box = bytes.subarray(at, at + size);
    if (type === "ftyp") header = box;
    else if (type === "moov") header = Buffer.concat([header, box]);
    else if (type === "prft") open = { header, parts: [box], unix: box.readUInt32BE(16) - 2_208_988_800 + box.readUInt32BE(20) / 2 ** 32 };
    else if (open) open.parts.push(box);
    if (type === "moof") {
      const samples = box.readUInt32BE(80);
      open.time = Number(box.readBigUInt64BE(60));
      open.key = box.readUInt32BE(96) >>> 24 === 2;
      open.until = open.time;
      for (let n = 0; n < samples; n++) open.until += box.readUInt32BE(88 + 16 * n);
    }
    if (type === "free" && open) {
      fragments.push({ ...open, bytes: Buffer.concat(open.parts) });
      open = null;
    }
  }
  return fragments;
}

const manifest = { version: 1, name: `Export of ${from}`, made: Math.floor(Date.now() / 1000), razz: "0.x", blurred: false, cameras: [] };
const known = new Map((await (await ask("cameras")).json()).map(({ id, name }) => [id, name]));
for (const id of cameras.split(",").map(Number)) {
  const fragments = fragmentsOf(Buffer.from(await (await ask(`recordings/${id}/fragments?${query}`)).arrayBuffer()));
  const chunks = [];
  for (const fragment of fragments) {
    const last = chunks.at(-1);
    if (!last || (fragment.key && last.bytes >= CHUNK_BYTES)) chunks.push({ fragments: [fragment], bytes: fragment.bytes.length });
    else {
      last.fragments.push(fragment);
      last.bytes += fragment.bytes.length;
    }
  }
  const file = (n, kind = "") => `data/${id}-${kind}${String(n).padStart(4, "0")}.js`;
  const listed = chunks.map(({ fragments: some }, n) => {
    const bytes = Buffer.concat([some[0].header, ...some.map((one) => one.bytes)]);
    writeFileSync(path.join(folder, file(n)), `razzFootage(${id},${n},"${bytes.toString("base64")}")`);
    return { file: file(n), from: String(some[0].time), until: String(some.at(-1).until), bytes: bytes.length };
  });
  const { frames } = await (await ask(`recordings/${id}/tracks?${query}`)).json();
  const hours = Map.groupBy ? Map.groupBy(frames, hourOf) : frames.reduce((all, one) => all.set(hourOf(one), [...(all.get(hourOf(one)) ?? []), one]), new Map());
  const tracks = [...hours.values()].map((some, n) => {
    writeFileSync(path.join(folder, file(n, "tracks-")), `razzTracks(${id},${n},${JSON.stringify(some)})`);
    return file(n, "tracks-");
  });
  function hourOf({ media_time }) {
    return Math.floor((Number(media_time) - fragments[0].time) / HOUR_90K);
  }
  const momentOf = (fragment, time) => ({ unix: fragment.unix + (time - fragment.time) / 90_000, media_time: String(time) });
  const spans = [];
  for (const fragment of fragments) {
    const last = spans.at(-1);
    const bytes = fragment.bytes.length;
    if (last && fragment.time - Number(last.to.media_time) < 90_000) Object.assign(last, { to: momentOf(fragment, fragment.until), bytes: last.bytes + bytes });
    else spans.push({ from: momentOf(fragment, fragment.time), to: momentOf(fragment, fragment.until), bytes });
  }
  const gaps = spans.slice(1).map((span, n) => ({ from: spans[n].to, to: span.from, reason: "unknown" }));
  manifest.cameras.push({ id, name: known.get(id) ?? `Camera ${id}`, from: spans[0].from, to: spans.at(-1).to, spans, gaps, chunks: listed, tracks });
}
writeFileSync(path.join(folder, "export.js"), `razzExport(${JSON.stringify(manifest)})`);
copyFileSync(new URL("../dist/offline/index.html", import.meta.url), path.join(folder, "index.html"));
console.log(path.join(folder, "index.html"));
