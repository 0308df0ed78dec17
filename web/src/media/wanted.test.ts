// What the server is told of what is wanted, and when.
import { expect, test } from "vitest";
import { isNews, qualityOf, wantedQuery, wantedSize, type Wanted } from "./wanted";

test.each([
  ["360p", "360p"], ["saver", "saver"], ["auto", "auto"], [null, "auto"], ["", "auto"], ["720p", "auto"], ["full", "auto"], ["toString", "auto"],
])("quality %j is %s", (said, quality) => {
  expect(qualityOf(said)).toBe(quality);
});

test.each<[Wanted, string]>([
  [{ quality: "auto" }, ""],
  [{ quality: "saver" }, "?quality=saver"],
  [{ quality: "auto", width: 640, height: 360 }, "?width=640&height=360"],
  [{ quality: "540p", width: 640, height: 360 }, "?quality=540p&width=640&height=360"],
])("%j in the offer's address", (wanted, query) => {
  expect(wantedQuery(wanted)).toBe(query);
});

test.each([
  { size: [640.4, 359.6], wanted: { width: 640, height: 360 } },
  { size: [0, 0], wanted: {} },
  { size: [640, 0], wanted: {} },
  { size: [61_440, 34_560], wanted: { width: 16_384, height: 16_384 } },
] as const)("$size is wanted as $wanted", ({ size, wanted }) => {
  expect(wantedSize(size)).toEqual(wanted);
});

const told: Wanted = { quality: "auto", width: 640, height: 360 };
test.each<[Wanted, boolean]>([
  [told, false],
  [{ quality: "saver", width: 640, height: 360 }, true],
  [{ quality: "auto", width: 700, height: 394 }, false],
  [{ quality: "auto", width: 710, height: 399 }, true],
  [{ quality: "auto", width: 580, height: 326 }, false],
  [{ quality: "auto", width: 570, height: 320 }, true],
  [{ quality: "auto", width: 640, height: 480 }, true],
])("after 640x360 in auto, %j is news: %s", (wanted, news) => {
  expect(isNews(told, wanted)).toBe(news);
});

test("the first size is news, and none at all is not", () => {
  expect(isNews({ quality: "auto" }, { quality: "auto", width: 1, height: 1 })).toBe(true);
  expect(isNews({ quality: "auto" }, { quality: "auto" })).toBe(false);
});
