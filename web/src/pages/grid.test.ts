// Columns of the live grid, and the figures of the viewer.
import { expect, test } from "vitest";
import type { PlayerState } from "../media";
import { figures } from "./figures";
import { gridColumns, tileMin } from "./grid";

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

test.each([
  { count: 25, width: 1280, height: 800, fits: true },
  { count: 40, width: 1920, height: 1080, fits: true },
  { count: 25, width: 390, height: 844, fits: false },
])("$count cameras fit $width x $height: $fits", ({ count, width, height, fits }) => {
  const high = height - 57;
  const columns = Math.max(1, Math.min(gridColumns(count, width, high, 52), Math.floor(width / tileMin(width))));
  const tile = ((high / Math.ceil(count / columns) - 52) * 16) / 9;
  expect(tile >= tileMin(width)).toBe(fits);
});

test("figures are dashes before there is anything to tell", () => {
  expect(new Set(figures(null, null).map(([, value]) => value))).toEqual(new Set(["–"]));
});

test("among the figures is the encoding that is shown, and why", () => {
  const encoding = (renditionWords: string): string | undefined => new Map(figures({ renditionWords } as PlayerState, null)).get("encoding");
  expect([encoding("360p: the path carries 0.7 Mbit/s"), encoding("")]).toEqual(["360p: the path carries 0.7 Mbit/s", "–"]);
});
