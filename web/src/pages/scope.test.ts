import { expect, test } from "vitest";
import { scopeText, toggled } from "./scope";

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
