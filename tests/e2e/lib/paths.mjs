// Where the tests find what they test and what they need, and why a test is skipped.

import { existsSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import path from "node:path";

/** The repository. */
export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../..");

/** The binary under test. */
export const RAZZ = process.env.RAZZ_BIN ?? path.join(ROOT, "target/release/razz");

/** The folder with the clips, their truth and the models that `make scene` writes. */
const SCENE = process.env.RAZZ_SCENE ?? path.join(ROOT, "target/scene");

/** A file of the scenes by its name. */
export const scenePath = (file) => path.join(SCENE, file);

/** A clip by its name: `street`, `road`, `crossing` or `lanes`. */
export const clip = (name) => scenePath(`${name}.h264`);

/** A model by its name: `demo`, which knows the streets, `lanes`, or `looks`, which is no detector. */
export const model = (name) => scenePath(`${name}.onnx`);

/** Real footage and models of others, which are no part of the repository, or undefined. */
const TESTDATA = process.env.RAZZ_TESTDATA;

/** A file of the real footage and models by its path inside their folder. */
export const testdata = (file) => path.join(TESTDATA ?? "RAZZ_TESTDATA-is-unset", file);

/** The Chromium to drive. */
export const CHROMIUM = found(process.env.CHROMIUM, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable");

/** The Firefox to drive, where there is one. Ubuntu's `firefox` is a snap, which reads no profile that a test makes. */
export const FIREFOX = found(process.env.FIREFOX, "firefox-esr");

/** The first of these programs that is there. */
function found(...names) {
  for (const name of names) {
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
export function missing({ data = false, browser = false, firefox = false }) {
  if (!existsSync(RAZZ)) throw new Error(`no razz at ${RAZZ}: run make build, or set RAZZ_BIN`);
  if (!existsSync(scenePath("complete"))) throw new Error(`no clips in ${SCENE}: run make scene, or set RAZZ_SCENE`);
  if (data && !TESTDATA) return "RAZZ_TESTDATA is not set, so there is no real footage and no model of others";
  if (browser && !CHROMIUM) throw new Error("no Chromium here: run make setup, or set CHROMIUM");
  if (firefox && !FIREFOX) return "there is no firefox-esr here (make setup installs Debian's; FIREFOX names another)";
  return undefined;
}
