import { expect, test } from "vitest";
import type { Candidate, DetectorPreview } from "../wire";
import { namesOf } from "./fieldwords";
import { overlap, sorted, unknownTo } from "./thresholds";

const box = (name: string, confidence: number, left: number, width = 40): Candidate => ({ class: name, confidence, bbox: [left, 10, left + width, 50] });

const preview: DetectorPreview = {
  model: "m", engine: "e", size: [200, 100], picture: "", classes: ["person", "car"], overlaps: true, least: 0.05, most: 300,
  candidates: [
    box("person", 0.9, 0),
    box("person", 0.8, 4), // 0.82 over the first
    box("car", 0.7, 4),
    box("person", 0.6, 10), // 0.6 over the first
    box("person", 0.3, 150, 100), // reaches beyond the picture
    box("car", 0.2, 300), // beside it
    box("car", 0.1, 100),
  ],
};
const all: string[] = [];

test.each([
  ["as usual", { confidence: 0.25, iou: 0.7, classes: all }, [0.9, 0.7, 0.6, 0.3], [0.1], 1, 0],
  ["only good ones", { confidence: 0.65, iou: 0.7, classes: all }, [0.9, 0.7], [0.6, 0.3, 0.1], 1, 0],
  ["a score at the threshold does not count", { confidence: 0.7, iou: 0.7, classes: all }, [0.9], [0.7, 0.6, 0.3, 0.1], 1, 0],
  ["few overlaps", { confidence: 0.25, iou: 0.5, classes: all }, [0.9, 0.7, 0.3], [0.1], 2, 0],
  ["every overlap", { confidence: 0.25, iou: 1, classes: all }, [0.9, 0.8, 0.7, 0.6, 0.3], [0.1], 0, 0],
  ["one class", { confidence: 0.25, iou: 0.7, classes: ["car"] }, [0.7], [0.1], 0, 4],
])("%s", (_, thresholds, kept, low, doubles, others) => {
  const found = sorted(preview, thresholds);
  expect(found.kept.map(({ confidence }) => confidence)).toEqual(kept);
  expect(found.low.map(({ confidence }) => confidence)).toEqual(low);
  expect([found.doubles, found.others]).toEqual([doubles, others]);
});

test("boxes end at the picture's edge", () => {
  expect(sorted(preview, { confidence: 0.25, iou: 0.7, classes: all }).kept.at(-1)?.bbox).toEqual([150, 10, 200, 50]);
});

test("models that leave no doubles keep what overlaps, and no picture has more than the most", () => {
  const final = { ...preview, overlaps: false };
  expect(sorted(final, { confidence: 0.25, iou: 0.1, classes: all }).kept).toHaveLength(5);
  expect(sorted({ ...final, most: 2 }, { confidence: 0.25, iou: 0.1, classes: all }).kept).toHaveLength(2);
});

test("overlap is intersection over union", () => {
  expect(overlap([0, 0, 10, 10], [5, 0, 15, 10])).toBeCloseTo(1 / 3);
  expect(overlap([0, 0, 10, 10], [10, 0, 20, 10])).toBe(0);
  expect(overlap([0, 0, 0, 0], [0, 0, 0, 0])).toBe(0);
});

test.each([["person, car", ["person", "car"]], [" , ", []], ["dining table,,car,car", ["dining table", "car"]]])("%j is %j", (text, names) => {
  expect(namesOf(text)).toEqual(names);
});

test.each([
  ["all known", ["person", "car"], [], []],
  ["none wanted, so all count", [], ["bus"], []],
  ["a slip", ["persn", "car"], [], ["persn"]],
  ["one that is set already", ["person", "bus"], ["bus"], []],
  ["nothing but those would be left", ["bus"], ["bus"], ["bus"]],
])("classes, %s", (_, names, set, strange) => {
  expect(unknownTo(["person", "car"], names, set)).toEqual(strange);
});
