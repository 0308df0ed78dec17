// Columns of the live grid, and the figures of the viewer.
import { expect, test } from "vitest";
import { figures } from "./figures";
import { gridColumns } from "./grid";

test.each([
  { count: 0, width: 1280, height: 700, columns: 1 },
  { count: 1, width: 1280, height: 700, columns: 1 },
  { count: 2, width: 1600, height: 700, columns: 2 },
  { count: 2, width: 500, height: 900, columns: 1 },
  { count: 4, width: 1280, height: 700, columns: 2 },
  { count: 9, width: 1600, height: 900, columns: 3 },
])("$count cameras in $width x $height: $columns columns", ({ count, width, height, columns }) => {
  expect(gridColumns(count, width, height, 52)).toBe(columns);
});

test("figures are dashes before there is anything to tell", () => {
  expect(new Set(figures(null).map(([, value]) => value))).toEqual(new Set(["–"]));
});
