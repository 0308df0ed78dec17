// The picture inside the element, and points on the picture.
import { expect, test } from "vitest";
import { devicePixels } from "./draw";
import { common, fitted, letterbox, project } from "./geometry";

test.each([
  { picture: [1280, 720], into: [1280, 720], area: [0, 0, 1280, 720] },
  { picture: [1280, 720], into: [1280, 800], area: [0, 40, 1280, 720] },
  { picture: [1280, 720], into: [2000, 720], area: [360, 0, 1280, 720] },
  { picture: [1280, 720], into: [640, 640], area: [0, 140, 640, 360] },
  { picture: [720, 1280], into: [1280, 720], area: [438, 0, 405, 720] },
  { picture: [1280, 720], into: [1, 1], area: [0, 0, 1, 1] },
  { picture: [1280, 720], into: [0, 720], area: [0, 0, 0, 0] },
  { picture: [0, 0], into: [1280, 720], area: [0, 0, 0, 0] },
] as const)("$picture into $into", ({ picture, into, area }) => {
  const [x, y, width, height] = area;
  expect(letterbox({ width: picture[0], height: picture[1] }, into[0], into[1])).toEqual({ x, y, width, height });
});

test.each([
  { name: "same size", size: [1280, 720], point: [640, 360], at: [640, 400] },
  { name: "boxes of a smaller picture", size: [640, 360], point: [640, 360], at: [1280, 760] },
  { name: "outside stays outside", size: [640, 360], point: [-64, 0], at: [-128, 40] },
] as const)("project: $name", ({ size, point, at }) => {
  const area = { x: 0, y: 40, width: 1280, height: 720 };
  expect(project(point[0], point[1], size, area)).toEqual(at);
});

test.each([
  { counted: 801, computed: 800.4, pixels: 801 },
  { counted: undefined, computed: 800.6, pixels: 801 },
  { counted: 400, computed: 800, pixels: 800 },
])("$counted device pixels where $computed were computed", ({ counted, computed, pixels }) => {
  expect(devicePixels(counted, computed)).toBe(pixels);
});

test.each([
  ["contain", [0, 80, 1000, 640]],
  ["cover", [-125, 0, 1250, 800]],
  ["fill", [0, 0, 1000, 800]],
  ["none", [180, 200, 640, 400]],
  ["scale-down", [180, 200, 640, 400]],
] as const)("a picture of 320x200, %s in 1000x800 at two device pixels each", (fit, [x, y, width, height]) => {
  const area = fit === "contain" || fit === "cover" ? fitted({ width: 1000, height: 640 }, 1000, 800, fit, 2) : fitted({ width: 320, height: 200 }, 1000, 800, fit, 2);
  expect(area).toEqual({ x, y, width, height });
});

test("what two areas have in common", () => {
  const area = { x: 0, y: 0, width: 100, height: 50 };
  expect(common(area, { x: -20, y: 10, width: 60, height: 100 })).toEqual({ x: 0, y: 10, width: 40, height: 40 });
  expect(common(area, { x: 200, y: 10, width: 60, height: 100 }).width).toBe(0);
});
