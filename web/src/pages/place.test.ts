import { expect, test } from "vitest";
import { placeOf, playbackHref, signInHref, wayBack } from "./place";

test.each([
  ["http://razz.example:8003/", "http://razz.example:8003/", ""],
  ["http://razz.example:8003/index.html", "http://razz.example:8003/", ""],
  ["https://h/settings.html?x=/y#z", "https://h/", "settings.html"],
  ["https://h/razz/", "https://h/razz/", ""],
  ["https://h/home/razz/camera-viewer.html?camera=1", "https://h/home/razz/", "camera-viewer.html"],
])("%s is in %s", (url, base, page) => {
  expect(placeOf(url)).toEqual({ base, page });
});

test.each([
  ["https://h/razz/settings.html?a=b&c#d", "sign-in.html?next=%2Fsettings.html%3Fa%3Db%26c"],
  ["https://h/", "sign-in.html?next=%2F"],
])("from %s by %s", (url, href) => {
  expect(signInHref(url)).toBe(href);
});

test("the way back leads nowhere else", () => {
  for (const base of ["http://razz.example:8003/", "http://razz.example:8003/razz/"]) {
    for (const [next, way] of [
      [null, ""],
      ["/", ""],
      ["/settings.html", "settings.html"],
      ["/camera-viewer.html?camera=1#x", "camera-viewer.html?camera=1#x"],
      ["/%zz", "%zz"],
      ["//evil.example/", ""],
      ["/\\evil.example/", ""],
      ["/http://evil.example/", ""],
      ["/javascript:alert(1)", ""],
      ["https://evil.example/", ""],
      ["javascript:alert(1)", ""],
      ["http://razz.example:8003/x", ""],
      ["settings.html", ""],
      ["/../../../x/..//evil", base.endsWith("/razz/") ? "" : "/evil"],
      ["", ""],
    ] as const) {
      expect(wayBack(next, base), `${String(next)} at ${base}`).toBe(base + way);
    }
  }
});

test.each([
  ["#/playback?at=90k:5&camera=1", "playback.html?at=90k:5&camera=1"],
  ["#/playback", "playback.html"],
  ["#/playback/x", null], ["#/playbacks", null], ["#playback", null], ["", null],
])("a link to %s", (hash, href) => {
  expect(playbackHref(hash)).toBe(href);
});
