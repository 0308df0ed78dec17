// Runs the end-to-end tests one file after the other: node run.mjs [part of a file name ...]
// Closes with one plain line: N passed, N failed, N skipped.

import { readdirSync } from "node:fs";
import path from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { fileURLToPath } from "node:url";

const folder = path.join(path.dirname(fileURLToPath(import.meta.url)), "tests");
const parts = process.argv.slice(2);
const files = readdirSync(folder)
  .filter((name) => name.endsWith(".test.mjs") && (parts.length === 0 || parts.some((part) => name.includes(part))))
  .sort()
  .map((name) => path.join(folder, name));
if (files.length === 0) {
  console.error(`no test file's name contains ${parts.join(" or ")}`);
  process.exit(2);
}

/** Runs one file; answers what became of its tests. */
function runFile(file) {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  const isFile = (event) => path.resolve(event.name) === file;
  const isSuite = (event) => event.details?.type === "suite";
  const tests = run({ files: [file], concurrency: 1 });
  tests.on("test:pass", (event) => {
    if (isFile(event) || isSuite(event)) return;
    if (event.skip !== undefined && event.skip !== false) sum.skipped += 1;
    else sum.passed += 1;
  });
  tests.on("test:fail", (event) => {
    // A file that fails as a whole (it does not load, say) counts; one that only holds a failed test does not.
    if (isSuite(event) || (isFile(event) && event.details?.error?.failureType === "subtestsFailed")) return;
    sum.failed += 1;
  });
  tests.compose(new spec()).pipe(process.stdout, { end: false });
  return new Promise((resolve) => tests.on("end", () => resolve(sum)));
}

/** Runs the files one after the other. */
async function runAll(files) {
  const sums = new Map();
  for (const file of files) sums.set(file, await runFile(file));
  return sums;
}

const sums = await runAll(files);
const failed = files.filter((file) => sums.get(file).failed > 0);
if (failed.length > 0) {
  // Another program that takes the processor for seconds makes a browser drop frames. What is broken stays broken.
  console.log(`\nonce more, in case the machine was busy: ${failed.map((file) => path.basename(file)).join(", ")}\n`);
  for (const [file, again] of await runAll(failed)) {
    if (again.failed === 0) console.log(`${path.basename(file)} failed once and passed once`);
    sums.set(file, again);
  }
}
const total = (key) => [...sums.values()].reduce((all, each) => all + each[key], 0);
process.on("exit", () => {
  console.log(`${total("passed")} passed, ${total("failed")} failed, ${total("skipped")} skipped`);
});
process.exitCode = total("failed") > 0 || total("passed") + total("skipped") === 0 ? 1 : 0;
