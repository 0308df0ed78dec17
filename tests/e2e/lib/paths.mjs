// Where the tests find what they test and what they need, and why a test is skipped.

import { existsSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import path from "node:path";

/** The repository. */
export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../..");

/** The binary under test. */
export const RAZZ = process.env.RAZZ_BIN ?? path.join(ROOT, "target/release/razz");

/** Models and clips, or undefined. */
const TESTDATA = process.env.RAZZ_TESTDATA;

/** A file of the test data by its path inside it. */
export const testdata = (file) => path.join(TESTDATA ?? "RAZZ_TESTDATA-is-unset", file);

/** Clips by the name of their file. */
export const clip = (name) => testdata(`clips/${name}.mp4`);

/** The Chromium to drive. */
export const CHROMIUM = findChromium();

function findChromium() {
  for (const name of [process.env.CHROMIUM, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]) {
    if (!name) continue;
    try {
      return execFileSync("sh", ["-c", 'command -v "$1"', "sh", name], { encoding: "utf8" }).trim();
    } catch {
      // The next name.
    }
  }
  return undefined;
}

/** What is missing for a test with these needs, as a sentence, or undefined. */
export function missing({ data = false, browser = false }) {
  if (!existsSync(RAZZ)) throw new Error(`no razz at ${RAZZ}: run make build, or set RAZZ_BIN`);
  if (data && !TESTDATA) return "RAZZ_TESTDATA is not set, so there are no clips and models";
  if (browser && !CHROMIUM) throw new Error("no Chromium here: run make setup, or set CHROMIUM");
  return undefined;
}
