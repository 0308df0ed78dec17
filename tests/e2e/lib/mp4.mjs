// MP4 files, by another's reader.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { ROOT } from "./paths.mjs";

const run = promisify(execFile);

/** What GStreamer finds in an MP4. */
export async function framesOf(file) {
  const client = path.join(ROOT, "tests/e2e/clients/mp4_frames.py");
  const { stdout } = await run("/usr/bin/python3", [client, file], { timeout: 60_000, maxBuffer: 1 << 26 });
  const told = JSON.parse(stdout.trim().split("\n").at(-1));
  assert.equal(told.error, undefined, `${file}: ${told.error}`);
  return told;
}
