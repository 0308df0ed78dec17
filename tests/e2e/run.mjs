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

const sum = { passed: 0, failed: 0, skipped: 0 };
const isFile = (event) => files.includes(path.resolve(event.name));
const isSuite = (event) => event.details?.type === "suite";

const tests = run({ files, concurrency: 1 });
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
tests.compose(new spec()).pipe(process.stdout);
tests.on("end", () => {
  process.on("exit", () => {
    console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
  });
  process.exitCode = sum.failed > 0 || sum.passed + sum.skipped === 0 ? 1 : 0;
});
