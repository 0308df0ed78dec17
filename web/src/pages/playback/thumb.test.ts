import { expect, test } from "vitest";
import { placed, type Box } from "./thumb";

test.each<[string, Box, { width: number; left: number; top: number }]>([
  ["an object in the middle", [560, 240, 720, 480], { width: 142.2, left: -51.1, top: -20 }],
  ["at the edge the picture goes no farther", [0, 0, 100, 200], { width: 170.7, left: 0, top: 0 }],
  ["at the other edge", [1_180, 520, 1_280, 720], { width: 170.7, left: -130.7, top: -56 }],
  ["a small one with what is around it", [636, 356, 644, 364], { width: 355.6, left: -157.8, top: -80 }],
  ["one that fills the picture", [0, 0, 1_280, 720], { width: 71.1, left: -15.6, top: 0 }],
])("%s", (_, box, expected) => {
  const { width, left, top } = placed(box, [1_280, 720], 40);
  expect([width, left, top].map((one) => Math.round(one * 10) / 10 + 0)).toEqual([expected.width, expected.left, expected.top]);
});
