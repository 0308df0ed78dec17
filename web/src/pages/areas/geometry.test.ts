// Points, edges and pictures.
import { expect, test } from "vitest";
import { arrowOf, crossing, doubled, edgeAt, extentOf, holds, kept, letterbox, movedAlong, shifted, toPixels, toShares, vertexAt, type Point } from "./geometry";

const SQUARE: Point[] = [[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.2, 0.8]];
const BOW: Point[] = [[0.2, 0.2], [0.8, 0.8], [0.8, 0.2], [0.2, 0.8]];

test.each([
  ["as wide as the box", { width: 1920, height: 1080 }, { width: 640, height: 360 }, { left: 0, top: 0, width: 640, height: 360 }],
  ["bars above and below", { width: 1920, height: 1080 }, { width: 640, height: 480 }, { left: 0, top: 60, width: 640, height: 360 }],
  ["bars beside", { width: 480, height: 640 }, { width: 640, height: 320 }, { left: 200, top: 0, width: 240, height: 320 }],
  ["no picture yet", { width: 0, height: 0 }, { width: 640, height: 320 }, { left: 0, top: 0, width: 0, height: 0 }],
])("letterbox: %s", (_, picture, box, area) => {
  expect(letterbox(picture, box)).toEqual(area);
});

test.each<[string, Point, Point]>([
  ["upper left of the picture, not of the box", [0, 60], [0, 0]],
  ["lower right", [640, 420], [1, 1]],
  ["middle", [320, 240], [0.5, 0.5]],
  ["in the bar: at the picture's edge", [320, 10], [0.5, 0]],
])("pixels to shares: %s", (_, pixels, shares) => {
  const area = letterbox({ width: 1920, height: 1080 }, { width: 640, height: 480 });
  expect(toShares(pixels, area)).toEqual(shares);
  if (pixels[1] >= 60) expect(toPixels(shares, area)).toEqual(pixels);
});

test("points keep five decimals and stay in the picture", () => {
  expect(kept([0.123456789, -3])).toEqual([0.12346, 0]);
});

test.each<[string, Point[], boolean, [number, number] | null]>([
  ["a square", SQUARE, true, null],
  ["a bow", BOW, true, [0, 2]],
  ["the same as a line", BOW, false, [0, 2]],
  ["a line with a bend", [[0, 0.5], [0.5, 0.4], [1, 0.5]], false, null],
  ["a line that folds back on itself", [[0, 0.5], [0.8, 0.5], [0.4, 0.5]], false, [0, 1]],
  ["a straight line of three", [[0, 0.5], [0.4, 0.5], [0.8, 0.5]], false, null],
  ["a corner that touches an edge", [[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.5, 0.2]], true, [0, 2]],
  ["a triangle", [[0.2, 0.2], [0.8, 0.2], [0.5, 0.8]], true, null],
  ["a line that ends where it began", [[0.2, 0.2], [0.8, 0.2], [0.5, 0.8], [0.2, 0.2]], false, [0, 2]],
])("crossing of %s", (_, points, closed, edges) => {
  expect(crossing(points, closed)).toEqual(edges);
});

test.each<[string, Point[], [number, number] | null]>([
  ["apart", SQUARE, null],
  ["the first and the third", [[0.1, 0.1], [0.5, 0.5], [0.100001, 0.1]], [0, 2]],
])("points in one place: %s", (_, points, both) => {
  expect(doubled(points)).toEqual(both);
});

test.each<[string, Point, number | null, number | null]>([
  ["on a corner", [22, 22], 0, 0],
  ["nearer to the second", [70, 22], 1, 0],
  ["on the closing edge", [20, 50], null, 3],
  ["inside, far from all", [50, 50], null, null],
])("hit: %s", (_, place, vertex, edge) => {
  const pixels = SQUARE.map(([x, y]): Point => [x * 100, y * 100]);
  expect(vertexAt(pixels, place, 22)).toBe(vertex);
  expect(edgeAt(pixels, true, place, 8)).toBe(edge);
});

test.each<[string, Point, boolean]>([
  ["its middle", [0.5, 0.5], true],
  ["beside it", [0.9, 0.5], false],
  ["above it", [0.5, 0.1], false],
])("a zone holds %s: %s", (_, place, inside) => {
  expect(holds(SQUARE, place)).toBe(inside);
});

// As crates/analytics has it: right of the way from left to right is below.
test.each<[string, Point[], "left" | "right", Point]>([
  ["left to right, in is right", [[0, 50], [100, 50]], "right", [0, 1]],
  ["left to right, in is left", [[0, 50], [100, 50]], "left", [0, -1]],
  ["top to bottom, in is right", [[50, 0], [50, 100]], "right", [-1, 0]],
  ["bottom to top, in is right", [[50, 100], [50, 0]], "right", [1, 0]],
])("arrow: %s", (_, points, inside, towards) => {
  const arrow = arrowOf(points, inside);
  expect(arrow?.at).toEqual([50, 50]);
  expect(arrow?.towards.map((part) => part + 0)).toEqual(towards);
});

test("the arrow of a line with a bend stands halfway along it", () => {
  expect(arrowOf([[0, 0], [10, 0], [10, 30]], "right")?.at).toEqual([10, 10]);
});

test("a shape is moved as far as the picture goes", () => {
  expect(shifted(SQUARE, [0.5, -0.1])).toEqual([[0.4, 0.1], [1, 0.1], [1, 0.7], [0.4, 0.7]]);
});

test.each<[Point[], number]>([[SQUARE, 0.72], [[[0, 0], [0.5, 0.5], [1, 1]], 0]])("extent of %j", (points, extent) => {
  expect(extentOf(points)).toBeCloseTo(extent);
});

test.each<[string, [number, number, number, number, number, number], Point, Point]>([
  ["not at all", [1, 0, 0, 0, 1, 0], [0.2, 0.3], [0.2, 0.3]],
  ["to the left and up", [1, 0, -0.1, 0, 1, -0.05], [0.2, 0.3], [0.1, 0.25]],
  ["over the border", [1, 0, -0.5, 0, 1, 0], [0.2, 0.3], [0, 0.3]],
  ["zoomed", [2, 0, -0.5, 0, 2, -0.5], [0.5, 0.4], [0.5, 0.3]],
])("moved along %s", (_, motion, from, to) => {
  expect(movedAlong([from], motion)).toEqual([to]);
});
