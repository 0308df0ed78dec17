// Filters by class and confidence, as attributes write them.
import { expect, test } from "vitest";
import type { TrackEntry } from "../wire";
import { classesOf, filtered, filterOf } from "./filter";

const track = (name: string, confidence: number): TrackEntry => ({
  track_id: 1, bbox: [0, 0, 1, 1], confidence, center: [0, 0], source: "bytetrack", class: name, state: "matched", age_ms: 0, velocity: [0, 0, 0, 0],
});
const tracks = [track("person", 0.9), track("person", 0.3), track("car", 0.6), track("traffic light", 0.5)];

test.each([
  { classes: null, confidence: null, left: 4 },
  { classes: "", confidence: "0", left: 4 },
  { classes: "person", confidence: null, left: 2 },
  { classes: " car, traffic light ", confidence: "0.55", left: 1 },
  { classes: null, confidence: "0.5", left: 3 },
  { classes: ",", confidence: null, left: 0 },
  { classes: "!person", confidence: null, left: 2 },
  { classes: "!person, ! car", confidence: "0.5", left: 1 },
  { classes: "person, car, !car", confidence: null, left: 2 },
  { classes: "!", confidence: null, left: 4 },
  { classes: "dog", confidence: null, left: 0 },
  { classes: null, confidence: "much", left: 4 },
  { classes: null, confidence: "7", left: 4 },
])("classes $classes, confidence $confidence", ({ classes, confidence, left }) => {
  expect(filtered(tracks, filterOf(classes, confidence))).toHaveLength(left);
});

test.each([
  { before: null, on: ["car", "person"], off: [], classes: null },
  { before: null, on: ["car"], off: ["person"], classes: "!person" },
  { before: "!person", on: [], off: ["car", "person"], classes: "!car, !person" },
  { before: "!person", on: ["person"], off: [], classes: null },
  { before: "person", on: ["person"], off: ["car"], classes: "person" },
  { before: "person", on: [], off: ["car", "person"], classes: "," },
  { before: ",", on: ["car"], off: ["person"], classes: "car" },
])("of $before, with $on on and $off off: $classes", ({ before, on, off, classes }) => {
  expect(classesOf(filterOf(before, null), on, off)).toBe(classes);
});
