import { expect, test } from "vitest";
import { scopeText, toggled, wayBack } from "./scope";

test("cameras go by their names", () => {
  const cameras = [{ id: 1, name: "Gate" }, { id: 4, name: "Yard" }];
  for (const [seen, words] of [[null, "all cameras"], [[], "no camera"], [[1, 4], "Gate, Yard"], [[4, 9], "Yard, camera 9"]] as const) {
    expect(scopeText(seen, cameras)).toBe(words);
  }
});

test("a box checked and unchecked", () => {
  expect(toggled([], 4)).toEqual([4]);
  expect(toggled([4, 10], 2)).toEqual([2, 4, 10]);
  expect(toggled([2, 4], 2)).toEqual([4]);
});

test("the way back leads nowhere else", () => {
  const origin = "http://razz.example:8003";
  for (const [next, way] of [
    [null, "/"],
    ["/settings.html", "/settings.html"],
    ["/camera-viewer.html?camera=1#x", "/camera-viewer.html?camera=1#x"],
    ["//evil.example/", "/"],
    ["/\\evil.example/", "/"],
    ["https://evil.example/", "/"],
    ["javascript:alert(1)", "/"],
    ["http://razz.example:8003/x", "/"],
    ["/%zz", "/%zz"],
    ["", "/"],
  ] as const) {
    expect(wayBack(next, origin), String(next)).toBe(way);
  }
});
