import { expect, test } from "vitest";
import { camerasOf, scopeText, wayBack } from "./scope";

test("cameras are listed, or all of them", () => {
  for (const [text, cameras] of [
    ["", null],
    [" All ", null],
    ["1", [1]],
    ["4, 1 ,4", [1, 4]],
    ["1;2 3", [1, 2, 3]],
    ["0", undefined],
    ["-1", undefined],
    ["gate", undefined],
    ["1.5", undefined],
    ["99999999999", undefined],
  ] as const) {
    expect(camerasOf(text), text).toEqual(cameras);
  }
  expect(scopeText(null)).toBe("all");
  expect(scopeText([1, 4])).toBe("1, 4");
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
