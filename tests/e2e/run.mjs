// Runs the end-to-end tests one file after the other:
//
//   node run.mjs [part of a file name ...]
//   node run.mjs --tests FOLDER --flaky FILE    tests of the runner itself have files of their own
//
// A file that fails is run once more, for diagnosis: whether it fails every time says where to look. It has failed all the
// same, unless flaky.json names it. Closes with one plain line: N passed, N failed, N skipped. With RAZZ_TEST_SUMMARY set,
// the same is in that folder as e2e.json.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { readFlaky } from "./lib/flaky.mjs";
import { ROOT } from "./lib/paths.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const { values, positionals: parts } = parseArgs({
  options: { tests: { type: "string", default: path.join(here, "tests") }, flaky: { type: "string", default: path.join(here, "flaky.json") } },
  allowPositionals: true,
});
const folder = path.resolve(values.tests);
const names = readdirSync(folder).filter((name) => name.endsWith(".test.mjs")).sort();
const files = names.filter((name) => parts.length === 0 || parts.some((part) => name.includes(part))).map((name) => path.join(folder, name));
if (files.length === 0) {
  console.error(`no test file's name contains ${parts.join(" or ")}`);
  process.exit(2);
}
const { entries: flaky, trouble } = readFlaky(readFileSync(values.flaky, "utf8"), names, new Date().toISOString().slice(0, 10));

/** The first lines of what a failed test says, for the end of a long log. */
function why(error) {
  const text = String(error?.cause?.message ?? error?.message ?? "it says nothing");
  return text.split("\n").filter((line) => line.trim() !== "").slice(0, 8).join("\n  ").slice(0, 600);
}

/** Runs one file; answers what became of its tests: how many passed, which failed and why, and which were skipped why. */
function runFile(file) {
  const sum = { passed: 0, failed: [], why: [], skipped: [] };
  const isFile = (event) => path.resolve(event.name) === file;
  const isSuite = (event) => event.details?.type === "suite";
  const tests = run({ files: [file], concurrency: 1 });
  tests.on("test:pass", (event) => {
    if (isFile(event) || isSuite(event)) return;
    if (event.skip !== undefined && event.skip !== false) sum.skipped.push({ name: event.name, reason: String(event.skip) });
    else sum.passed += 1;
  });
  tests.on("test:fail", (event) => {
    // A file that fails as a whole (it does not load, say) counts; one that only holds a failed test does not.
    if (isSuite(event) || (isFile(event) && event.details?.error?.failureType === "subtestsFailed")) return;
    sum.failed.push(isFile(event) ? path.basename(file) : event.name);
    sum.why.push(why(event.details?.error));
  });
  tests.compose(new spec()).pipe(process.stdout, { end: false });
  return new Promise((resolve) => tests.on("end", () => resolve(sum)));
}

const sums = new Map();
for (const file of files) sums.set(file, await runFile(file));

const reruns = [];
for (const file of files.filter((one) => sums.get(one).failed.length > 0)) {
  const name = path.basename(file);
  console.log(`\nonce more, to see whether it fails every time: ${name}\n`);
  const first = sums.get(file);
  const again = await runFile(file);
  const passedThen = again.failed.length === 0;
  const entry = trouble.length === 0 && passedThen ? flaky.get(name) : undefined;
  if (entry) sums.set(file, again);
  reruns.push({
    file: name, failed_first: first.failed, why: first.why, failed_again: again.failed, ...(entry ? { allowed_until: entry.until, reason: entry.reason } : {}),
  });
}

const all = [...sums.values()];
const passed = all.reduce((sum, one) => sum + one.passed, 0);
const skipped = all.flatMap((one) => one.skipped);
// A list that is wrong excuses nothing, and is a failure of its own.
const failed = all.reduce((sum, one) => sum + one.failed.length, 0) + (trouble.length > 0 ? 1 : 0);

const summary = process.env.RAZZ_TEST_SUMMARY;
const records = summary ?? path.join(process.env.CARGO_TARGET_DIR ?? path.join(ROOT, "target"), "e2e");
mkdirSync(records, { recursive: true });
const record = path.join(records, "e2e-reruns.json");
writeFileSync(record, `${JSON.stringify(reruns, null, 2)}\n`);
if (summary) {
  const content = { part: "end to end", passed, failed, skipped };
  writeFileSync(path.join(summary, "e2e.json"), `${JSON.stringify(content, null, 2)}\n`);
}

/** What a second run says about a file. */
function verdict({ file, failed_again: again, allowed_until: until, reason }) {
  if (again.length > 0) return `${file} failed twice`;
  if (until) return `${file} failed once and passed once, which flaky.json allows until ${until}: ${reason}`;
  return `${file} failed once and passed once: it counts as failed, find out why`;
}

process.on("exit", () => {
  for (const { name, reason } of skipped) console.log(`skipped: ${name}: ${reason}`);
  for (const words of trouble) console.log(words);
  for (const rerun of reruns) {
    rerun.failed_first.forEach((name, n) => console.log(`failed at first: ${name}: ${rerun.why[n]}`));
    console.log(`run again: ${verdict(rerun)}`);
  }
  if (reruns.length > 0) console.log(`what was run again is in ${record}`);
  console.log(`${passed} passed, ${failed} failed, ${skipped.length} skipped`);
});
process.exitCode = failed > 0 || passed + skipped.length === 0 ? 1 : 0;
