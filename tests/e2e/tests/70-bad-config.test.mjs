// A config that does not hold is refused with file, line, column and what was expected.

import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { run, written } from "../lib/razz.mjs";

const CAMERA = '[[camera]]\nid = 1\nurl = "rtsp://10.0.0.5/s"\n';

/** What is wrong, the file, line and column of it, and what the error must say. */
const WRONG = [
  ["an unknown key, with a suggestion", `${CAMERA}detect_fsp = 6\n`, "4:1", /detect_fps/],
  ["an unknown table", `[sever]\n${CAMERA}`, "1:2", /server/],
  ["a wrong type", `[viewers]\nmax = "many"\n${CAMERA}`, "2:7", /number/],
  ["a camera id of 0", CAMERA.replace("id = 1", "id = 0"), "2:6", /1/],
  ["the same id twice", CAMERA + CAMERA, "5:6", /1/],
  ["no address", "[[camera]]\nid = 1\n", "1:", /url/],
  ["not an RTSP address", CAMERA.replace("rtsp://10.0.0.5/s", "http://10.0.0.5/s"), "3:", /rtsp:\/\//],
  ["a confidence above 1", `[detector]\nconfidence = 1.5\n${CAMERA}`, "2:14", /1/],
  ["an engine that is none", `[detector]\nengine = "tensorflow"\n${CAMERA}`, "2:10", /rten/],
  ["a listen address without a port", `[server]\nlisten = "127.0.0.1"\n${CAMERA}`, "2:10", /port/],
  ["TOML that does not parse", "[server\n", "1:8", /\]/],
];

const folder = () => mkdtempSync(path.join(tmpdir(), "razz-e2e-"));

test("razz check: wrong configs", async (t) => {
  const where = folder();
  t.after(() => rmSync(where, { recursive: true }));
  for (const [what, content, place, says] of WRONG) {
    const file = written(where, content);
    for (const command of ["check", "serve"]) {
      const { code, stderr } = await run([command, "--config", file]);
      assert.equal(code, 2, `${command}, ${what}: ${stderr}`);
      assert.ok(stderr.includes(`razz.toml:${place}`), `${command}, ${what}: at ${place} in ${stderr}`);
      assert.match(stderr, says, what);
      assert.doesNotMatch(stderr, /panicked|RUST_BACKTRACE/);
    }
  }
});

test("razz check: a good config, a missing one", async (t) => {
  const where = folder();
  t.after(() => rmSync(where, { recursive: true }));
  const good = await run(["check", "--config", written(where, `[detector]\nmodel = "demo"\n${CAMERA}`)]);
  assert.equal(good.code, 0, good.stderr);
  const missing = await run(["check", "--config", path.join(where, "nowhere.toml")]);
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /nowhere\.toml/);
});

test("an address beyond loopback without access control is refused without --open", async (t) => {
  const where = folder();
  t.after(() => rmSync(where, { recursive: true }));
  for (const key of ["listen", "compat_listen"]) {
    const file = written(where, `[server]\n${key} = "0.0.0.0:0"\n[access]\nmode = "off"\n[detector]\nmodel = "demo"\n`);
    const { code, stderr } = await run(["serve", "--config", file]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /--open/);
  }
});

test("wrong usage is exit status 2", async () => {
  for (const args of [["serve"], ["sing"], ["demo", "--cameras", "none"], ["demo", "--port", "123456"]]) {
    const { code, stderr } = await run(args);
    assert.equal(code, 2, `${args.join(" ")}: ${stderr}`);
    assert.notEqual(stderr, "");
  }
});
