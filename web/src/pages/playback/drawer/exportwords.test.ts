import { expect, test } from "vitest";
import type { ExportInfo } from "../../../wire";
import { formatWords, overWords, stateWords } from "./exportwords";

const moment = { unix: 0, media_time: "0" };
const INFO: ExportInfo = {
  id: "1", name: "Gate", state: "running", progress: 0.425, remaining_s: 184.2, cameras: [1], from: moment, to: moment, format: "rendered", blurred: true,
  made: 0, by: null, error: null, bytes: 12_000_000, file: null, expires: null,
};

test.each<[string, Partial<ExportInfo>, string]>([
  ["waiting", { state: "waiting" }, "waits for its turn"],
  ["running", {}, "42 %, 3 min left"],
  ["running, nobody knows for how long", { remaining_s: null }, "42 %"],
  ["nearly done", { progress: 0.999, remaining_s: 0 }, "99 %, 1 s left"],
  ["failed", { state: "failed", error: "the disk is full" }, "failed: the disk is full"],
  ["done, kept for good", { state: "done" }, "12 MB"],
])("says how far an export is: %s", (_, more, words) => {
  expect(stateWords({ ...INFO, ...more })).toBe(words);
});

test("says when it is deleted, and what it is", () => {
  expect(stateWords({ ...INFO, state: "done", expires: 1_795_874_580 })).toMatch(/^12 MB, kept until \w{3} \d+ Nov 2026 \d\d:\d\d$/);
  expect([formatWords(INFO), formatWords({ format: "csv", blurred: false })]).toEqual(["with boxes, blurred", "tracks, CSV"]);
});

test.each<[ExportInfo["state"], string]>([
  ["waiting", ""],
  ["running", ""],
  ["done", "The export Gate is done."],
  ["failed", "The export Gate failed: nobody knows why."],
])("tells once that it is over: %s", (state, words) => {
  expect(overWords({ ...INFO, state })).toBe(words);
});
