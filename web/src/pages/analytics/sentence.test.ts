// The sentence at the top.
import { expect, test } from "vitest";
import { change, sentence, type Known } from "./sentence";

const KNOWN: Known = { range: "today", what: "in", count: 412, usual: 361, previous: 300, inside: 9, watched: 1, weekday: "Tuesday" };

test.each<[Partial<Known>, string]>([
  [{}, "412 in today, 14 % above a usual Tuesday; 9 inside now."],
  [{ usual: 410 }, "412 in today, as on a usual Tuesday; 9 inside now."],
  [{ usual: null }, "412 in today, 37 % above yesterday by this time; 9 inside now."],
  [{ usual: null, previous: null, inside: null }, "412 in today."],
  [{ usual: null, previous: 410 }, "412 in today, as yesterday by this time; 9 inside now."],
  [{ count: 0, usual: 2 }, "0 in today; 9 inside now."],
  [{ count: 40, usual: 2 }, "40 in today, against 2 on a usual Tuesday; 9 inside now."],
  [{ range: "7d", count: 2310, previous: 2400 }, "2,310 came in over 7 days, 4 % below the 7 days before; 9 inside now."],
  [{ range: "1h", count: 34, previous: 34 }, "34 came in over the last hour, as in the hour before; 9 inside now."],
  [{ what: "visits", count: 1, usual: null, previous: null }, "1 visit today; 9 inside now."],
  [{ range: "24h", what: "visits", count: 87, previous: null }, "87 visits in the last 24 hours; 9 inside now."],
  [{ watched: 0.82 }, "412 in today, 14 % above a usual Tuesday; 9 inside now. Only 82 % of this time was watched."],
])("%j", (more, words) => {
  expect(sentence({ ...KNOWN, ...more }, "en").replaceAll("\u00a0", " ")).toBe(words);
});

test.each([
  [114, 100, "+14 %"],
  [86, 100, "−14 %"],
  [100, 100, "±0 %"],
  [3, 2, null],
])("%d against %d", (now, before, words) => {
  expect(change(now, before, "en")?.replaceAll("\u00a0", " ") ?? null).toBe(words);
});
