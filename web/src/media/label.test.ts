// Labels: their text, and their place.
import { describe, expect, test } from "vitest";
import type { Area } from "./geometry";
import { isMissed, labelText, placeLabel } from "./label";

test.each([
  { entry: { class: "person", track_id: 12, confidence: 0.93 }, text: "person #12 0.93" },
  { entry: { class: "traffic light", track_id: 1, confidence: 0.5 }, text: "traffic light #1 0.50" },
  { entry: { class: "car", track_id: 7, confidence: 1.0000001 }, text: "car #7 1.00" },
  { entry: { class: "car", track_id: 7, confidence: 0.999 }, text: "car #7 1.00" },
  { entry: { class: "car", track_id: 999_999, confidence: 0.5 }, text: "car #999999 0.50" },
  { entry: { class: "car", track_id: 41_000_007, confidence: 0.5 }, text: "car #7 0.50" },
  { entry: { class: "car", track_id: 1_700_000_000_000_012, confidence: 0.5 }, text: "car #12 0.50" },
])("$text", ({ entry, text }) => {
  expect(labelText(entry)).toBe(text);
});

test("short where room is dear", () => {
  expect(labelText({ class: "person", track_id: 12, confidence: 0.93 }, true)).toBe("person #12");
});

describe("place", () => {
  const picture = { x: 100, y: 50, width: 1000, height: 500 };
  test.each([
    { name: "above", box: [300, 200, 400, 300], at: [300, 180] },
    { name: "inside when the box touches the top", box: [300, 50, 400, 300], at: [300, 50] },
    { name: "held at the right edge", box: [1050, 200, 1100, 300], at: [1000, 180] },
    { name: "held at the left edge", box: [20, 200, 200, 300], at: [100, 180] },
    { name: "never below the picture", box: [300, 600, 400, 700], at: [300, 530] },
  ] as const)("$name", ({ box, at }) => {
    const place = placeLabel(box, 100, 20, picture, []);
    expect([place?.x, place?.y]).toEqual(at);
  });

  test("a label larger than the picture has no place", () => {
    expect(placeLabel([0, 0, 10, 10], 40, 20, { x: 0, y: 0, width: 30, height: 30 }, [])).toBeNull();
    expect(placeLabel([0, 0, 10, 10], 20, 40, { x: 0, y: 0, width: 30, height: 30 }, [])).toBeNull();
  });

  test("boxes in one place get labels that do not cover each other, as long as there is room", () => {
    const box = [300, 200, 400, 300] as const;
    const taken: Area[] = [];
    for (let i = 0; i < 20; i++) {
      const place = placeLabel(box, 100, 20, picture, taken);
      if (place) taken.push(place);
    }
    expect(taken.map((place) => [place.x, place.y])).toEqual([
      [300, 180],
      [300, 200],
      [300, 300],
      [300, 280],
      [400, 200],
      [200, 200],
      [300, 160],
    ]);
  });
});

test.each([
  ["matched", 0, false],
  ["predicted", 66, false],
  ["predicted", 160, true],
] as const)("a %s box of age %d ms is missed: %s", (state, age_ms, missed) => {
  expect(isMissed({ state, age_ms }, 150)).toBe(missed);
});
