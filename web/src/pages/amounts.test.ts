// Amounts as people read them.
import { expect, test } from "vitest";
import { bytes, share, uptime } from "./amounts";

test.each([[0, "0 B"], [999, "999 B"], [1_500, "1.5 kB"], [113_400_000, "113 MB"], [999_900_000, "1.0 GB"], [2.5e13, "25 TB"]])("%d bytes: %s", (count, words) => {
  expect(bytes(count)).toBe(words);
});

test.each([[5.9, "5 s"], [60, "1 min"], [3_900, "1 h 05 min"], [187_200, "2 d 4 h"]])("up %d s: %s", (seconds, words) => {
  expect(uptime(seconds)).toBe(words);
});

test.each([[3, 6, 0.5], [7, 6, 1], [1, 0, 0]])("%d of %d", (some, all, part) => {
  expect(share(some, all)).toBe(part);
});
