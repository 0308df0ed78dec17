import { expect, test } from "vitest";
import { placed, type Box } from "./thumb";

const SIZE = [1_280, 720] as const;
const WINDOW = [64, 40] as const;

test.each<[string, Box]>([
  ["in the middle", [560, 240, 720, 480]],
  ["at the edge", [0, 0, 100, 200]],
  ["at the other edge", [1_180, 520, 1_280, 720]],
  ["small", [636, 356, 644, 364]],
  ["wide", [100, 300, 900, 400]],
  ["as large as the picture", [0, 0, 1_280, 720]],
])("the window is filled, and the object in it: %s", (_, box) => {
  const { width, left, top } = placed(box, SIZE, WINDOW);
  const scale = width / SIZE[0];
  expect(left).toBeLessThanOrEqual(0);
  expect(top).toBeLessThanOrEqual(0);
  expect(left + width).toBeGreaterThanOrEqual(WINDOW[0] - 0.001);
  expect(top + SIZE[1] * scale).toBeGreaterThanOrEqual(WINDOW[1] - 0.001);
  const middle = [((box[0] + box[2]) / 2) * scale + left, ((box[1] + box[3]) / 2) * scale + top] as const;
  expect(middle[0] > 0 && middle[0] < WINDOW[0] && middle[1] > 0 && middle[1] < WINDOW[1]).toBe(true);
});

test("a small object is shown with what is around it, a large one whole", () => {
  expect(40 / (placed([636, 356, 644, 364], SIZE, WINDOW).width / SIZE[0])).toBeCloseTo(0.35 * 720, 6);
  expect(40 / (placed([560, 240, 660, 440], SIZE, WINDOW).width / SIZE[0])).toBeCloseTo(440, 6);
  expect(40 / (placed([0, 0, 1_280, 720], SIZE, WINDOW).width / SIZE[0])).toBeCloseTo(720, 6);
});
