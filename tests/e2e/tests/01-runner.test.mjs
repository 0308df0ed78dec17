// The runner itself: what fails once has failed, unless a dated list allows it; what is skipped is named; the list is kept
// short and true.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { readFlaky } from "../lib/flaky.mjs";
import { ROOT } from "../lib/paths.mjs";

const HEAD = 'import { test } from "node:test"; import { existsSync, writeFileSync } from "node:fs";\n';
const ONCE = (marker) => `if (!existsSync(${JSON.stringify(marker)})) { writeFileSync(${JSON.stringify(marker)}, ""); throw new Error("the first time"); }`;
const day = (offset) => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);
const ENTRY = { file: "20-once.test.mjs", since: day(-1), reason: "a cause that is being looked for", until: day(10) };

/** Runs the runner over `bodies`, test files by name, with `flaky` as its list. */
function ran(t, bodies, flaky) {
  const folder = mkdtempSync(path.join(tmpdir(), "razz-runner-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, body] of Object.entries(bodies(folder))) writeFileSync(path.join(folder, name), HEAD + body);
  const list = path.join(folder, "flaky.json");
  writeFileSync(list, JSON.stringify(flaky));
  const { NODE_TEST_CONTEXT: _ours, ...env } = process.env;
  const script = path.join(ROOT, "tests/e2e/run.mjs");
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, "--tests", folder, "--flaky", list], {
    env: { ...env, RAZZ_TEST_SUMMARY: folder }, encoding: "utf8",
  });
  const json = (name) => JSON.parse(readFileSync(path.join(folder, name), "utf8"));
  const closing = stdout.trim().split("\n").at(-1);
  return { status, closing, stdout: stdout + stderr, summary: json("e2e.json"), reruns: json("e2e-reruns.json") };
}

const FILES = (folder) => ({
  "10-good.test.mjs": 'test("good", () => {}); test("left out", { skip: "there is no moon" }, () => {});',
  "20-once.test.mjs": `test("once", () => { ${ONCE(path.join(folder, "marker"))} });`,
});

test("a file that passes the second time has failed", (t) => {
  const { status, closing, summary, reruns, stdout } = ran(t, FILES, []);
  assert.equal(status, 1, stdout);
  assert.equal(closing, "1 passed, 1 failed, 1 skipped");
  assert.deepEqual(summary, { part: "end to end", passed: 1, failed: 1, skipped: [{ name: "left out", reason: "there is no moon" }] });
  assert.deepEqual(reruns, [{ file: "20-once.test.mjs", failed_first: ["once"], why: ["the first time"], failed_again: [] }]);
  assert.match(stdout, /failed at first: once: the first time\nrun again: 20-once\.test\.mjs failed once and passed once: it counts as failed/);
  assert.match(stdout, /skipped: left out: there is no moon/);
});

test("the list allows it, and says so", (t) => {
  const { status, closing, reruns, stdout } = ran(t, FILES, [ENTRY]);
  assert.equal(status, 0, stdout);
  assert.equal(closing, "2 passed, 0 failed, 1 skipped");
  assert.deepEqual(reruns, [{ file: ENTRY.file, failed_first: ["once"], why: ["the first time"], failed_again: [], allowed_until: ENTRY.until, reason: ENTRY.reason }]);
  assert.match(stdout, /which flaky\.json allows until/);
});

test("an expired entry allows nothing and fails a run that is good otherwise", (t) => {
  const good = (folder) => ({ "10-good.test.mjs": FILES(folder)["10-good.test.mjs"], "20-once.test.mjs": 'test("fine", () => {});' });
  const { status, closing, stdout } = ran(t, good, [{ ...ENTRY, since: day(-20), until: day(-1) }]);
  assert.equal(status, 1, stdout);
  assert.equal(closing, "2 passed, 1 failed, 1 skipped");
  assert.match(stdout, /flaky\.json, entry 1: it has expired/);
});

test("what fails twice fails, on the list or not; so does a file that does not load", (t) => {
  const { status, closing, stdout } = ran(t, () => ({
    "20-once.test.mjs": 'test("never", () => { throw new Error("no"); });',
    "30-broken.test.mjs": 'import "./nothing.mjs";',
  }), [ENTRY]);
  assert.equal(status, 1);
  assert.equal(closing, "0 passed, 2 failed, 0 skipped", stdout);
  assert.match(stdout, /20-once\.test\.mjs failed twice/);
});

test("the list is held to its form", () => {
  const trouble = (list, today = "2026-06-15") => readFlaky(JSON.stringify(list), ["a.test.mjs"], today).trouble;
  const good = { file: "a.test.mjs", since: "2026-06-01", reason: "why", until: "2026-06-30" };
  assert.deepEqual(trouble([]), []);
  assert.deepEqual(trouble([good]), []);
  assert.deepEqual(trouble([good], "2026-06-30"), [], "the last day counts");
  for (const [list, words] of [
    [{}, /no list/],
    [[null], /no object/],
    [[{ ...good, owner: "x" }], /keys/],
    [[{ file: "a.test.mjs", since: "2026-06-01", until: "2026-06-30" }], /keys/],
    [[{ ...good, reason: " " }], /empty/],
    [[{ ...good, until: "30 June" }], /dates/],
    [[{ ...good, until: "2026-02-31" }], /dates/],
    [[{ ...good, file: "b.test.mjs" }], /no test file b/],
    [[{ ...good, since: "2026-06-16" }], /future/],
    [[{ ...good, until: "2026-06-14" }], /expired/],
    [[{ ...good, until: "2026-09-30" }], /within 60 days/],
    [[good, good], /twice/],
    [Array(6).fill(good), /the most/],
  ]) {
    assert.match(trouble(list).join("; "), words, JSON.stringify(list));
  }
  assert.match(readFlaky("[", [], "2026-06-15").trouble.join(), /not JSON/);
});
