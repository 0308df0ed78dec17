// What is wrong with a drawing, and what is likely not meant.
import { expect, test } from "vitest";
import type { AreaPreview } from "../../wire";
import type { Draft } from "./draft";
import { faultsOf, warningsOf } from "./warnings";

const LINE: Draft = { key: 1, name: "Door", kind: "line", points: [[0.2, 0.5], [0.8, 0.5]], inside: "right", classes: [], anchor: "foot", was: null };
const ZONE: Draft = { ...LINE, key: 2, name: "Yard", kind: "zone", points: [[0.2, 0.2], [0.8, 0.2], [0.8, 0.8]] };
const MOMENT = { unix: 0, media_time: "0" };
const NOTHING: AreaPreview = { from: MOMENT, to: MOMENT, complete: true, searched_s: 86_400, tracks: 1200, in: 0, out: 0, visits: 0, dwell_p50_s: null, most_at_once: 0, classes: [], hours: [], examples: [], took_ms: 5 };

test.each<[string, Draft, string | null]>([
  ["a line", LINE, null],
  ["a zone", ZONE, null],
  ["no name", { ...LINE, name: " " }, "It needs a name."],
  ["a name twice", { ...LINE, name: "Yard" }, "Another area is called Yard"],
  ["one point", { ...LINE, points: [[0.2, 0.5]] }, "A line needs 2 points"],
  ["a zone of two points", { ...ZONE, points: [[0.2, 0.5], [0.4, 0.5]] }, "A zone needs 3 points"],
  ["a mask of two points", { ...ZONE, kind: "mask", points: [[0.2, 0.5], [0.4, 0.5]] }, "A mask needs 3 points"],
  ["a bow", { ...ZONE, points: [[0.2, 0.2], [0.8, 0.8], [0.8, 0.2], [0.2, 0.8]] }, "the edges from point 1 and from point 3 meet"],
  ["two points in one place", { ...LINE, points: [[0.2, 0.5], [0.2, 0.5]] }, "Points 1 and 2 are in the same place"],
  ["a flat zone", { ...ZONE, points: [[0.2, 0.2], [0.8, 0.2], [0.5, 0.2000001]] }, "straight line"],
])("fault: %s", (_, draft, words) => {
  const faults = faultsOf(draft, [LINE, ZONE].map((other) => (other.key === draft.key ? draft : other)));
  if (words === null) expect(faults).toEqual([]);
  else expect(faults.join(" ")).toContain(words);
});

test.each<[string, Draft, AreaPreview | null, string | null]>([
  ["in the middle", LINE, null, null],
  ["ends at the borders", { ...LINE, points: [[0, 0.5], [1, 0.5]] }, null, null],
  ["runs along the lower border", { ...LINE, points: [[0.1, 0.97], [0.9, 0.98]] }, null, "border"],
  ["a zone at the border", { ...ZONE, points: [[0, 0], [1, 0], [1, 1]] }, null, null],
  ["a tiny zone", { ...ZONE, points: [[0.5, 0.5], [0.52, 0.5], [0.52, 0.52]] }, null, "very small"],
  ["nobody crossed", LINE, NOTHING, "Nobody was ever here: 1,200 tracks were seen, and none crossed it."],
  ["nobody came in", ZONE, NOTHING, "none came into it"],
  ["nothing was seen at all", LINE, { ...NOTHING, tracks: 0 }, "Nothing at all was seen"],
  ["not all looked at yet", LINE, { ...NOTHING, complete: false }, null],
  ["some crossed", LINE, { ...NOTHING, in: 1 }, null],
])("warning: %s", (_, draft, preview, words) => {
  const warnings = warningsOf(draft, preview);
  if (words === null) expect(warnings).toEqual([]);
  else expect(warnings.join(" ")).toContain(words);
});
