// Waits before another attempt.
import { expect, test } from "vitest";
import { backoffMs } from "./backoff";

const LIMITS = { firstMs: 500, longestMs: 8_000 };

test.each([
  { attempt: 0, random: 0, ms: 250 },
  { attempt: 0, random: 0.999, ms: 500 },
  { attempt: 2, random: 0.5, ms: 1500 },
  { attempt: 4, random: 0, ms: 4000 },
  { attempt: 1000, random: 0.999, ms: 7996 },
])("attempt $attempt with chance $random waits $ms ms", ({ attempt, random, ms }) => {
  expect(backoffMs(attempt, random, LIMITS)).toBe(ms);
});
