// The picture inside the element, and points on the picture.
import { expect, test } from "vitest";
import { devicePixels } from "./draw";
import { letterbox, project } from "./geometry";

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
