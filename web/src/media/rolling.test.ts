// The last values only.
import { expect, test } from "vitest";
import { Rolling } from "./rolling";

test("percentiles of the last three", () => {
  const rolling = new Rolling(3);
  expect(rolling.at(0.5)).toBeNull();
  for (const value of [100, 1, 2, 3]) rolling.push(value);
  expect([rolling.at(0.5), rolling.at(0.95)]).toEqual([2, 3]);
});
