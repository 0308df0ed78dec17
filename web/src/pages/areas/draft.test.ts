// Areas between what the server told and what it is to be told.
import { expect, test } from "vitest";
import type { AreaInfo, KeyProblem } from "../../wire";
import { draftOf, editOf, freeName, isSame, problemsOf, withPoint, type Draft } from "./draft";

const DOOR: AreaInfo = { camera_id: 1, name: "Door", line: [[0.2, 0.5], [0.8, 0.5]], in: "right", classes: [], anchor: "foot", version: 3, since: null };
const YARD: AreaInfo = { camera_id: 1, name: "Yard", zone: [[0, 0], [1, 0], [1, 1]], in: "right", classes: ["car"], anchor: "center", version: 1, since: null };
const TREE: AreaInfo = { camera_id: 1, name: "Tree", mask: [[0, 0], [1, 0], [1, 1]], in: "right", classes: ["bird"], anchor: "foot", version: 0, since: null };

test.each<[string, AreaInfo, Partial<Draft>, object]>([
  ["a line as it was", DOOR, {}, { name: "Door", line: [[0.2, 0.5], [0.8, 0.5]], in: "right", classes: [], anchor: "foot" }],
  ["a zone as it was", YARD, {}, { name: "Yard", zone: [[0, 0], [1, 0], [1, 1]], classes: ["car"], anchor: "center" }],
  ["a mask as it was", TREE, {}, { name: "Tree", mask: [[0, 0], [1, 0], [1, 1]], classes: ["bird"], anchor: "foot" }],
  ["renamed", DOOR, { name: " Gate " }, { name: "Gate", line: [[0.2, 0.5], [0.8, 0.5]], in: "right", classes: [], anchor: "foot", was: "Door" }],
  ["new", DOOR, { was: null }, { name: "Door", line: [[0.2, 0.5], [0.8, 0.5]], in: "right", classes: [], anchor: "foot" }],
])("%s", (_, area, more, edit) => {
  expect(editOf({ ...draftOf(area), ...more })).toEqual(edit);
});

test("a space behind a name is no change, another side is", () => {
  const before = [draftOf(DOOR)];
  expect(isSame(before, [{ ...draftOf(DOOR), name: "Door " }])).toBe(true);
  expect(isSame(before, [{ ...draftOf(DOOR), inside: "left" }])).toBe(false);
  expect(isSame(before, [])).toBe(false);
});

test.each([
  [[], "Door"],
  [["Door"], "Door 2"],
  [["Door", "Door 2"], "Door 3"],
  [["Door 2"], "Door"],
])("a name beside %j", (taken, name) => {
  expect(freeName("Door", taken.map((one) => ({ name: one })))).toBe(name);
});

test("a point goes after the one before it, also into the closing edge", () => {
  expect(withPoint([[0, 0], [1, 0], [1, 1]], 2, [0.5, 0.5])).toEqual([[0, 0], [1, 0], [1, 1], [0.5, 0.5]]);
  expect(withPoint([[0, 0], [1, 0]], 0, [0.5, 0])).toEqual([[0, 0], [0.5, 0], [1, 0]]);
});

test("a problem at its area does without the area's name", () => {
  const door = draftOf(DOOR);
  expect(problemsOf([], 'area "Door": points 1 and 2 are in the same place', [door]).of.get(door.key)).toEqual(["Points 1 and 2 are in the same place"]);
});

test.each<[string, KeyProblem[], string, number | null]>([
  ["by its place", [{ key: "areas[1].zone", message: "bad" }], "", 1],
  ["by its name in the message", [{ key: null, message: 'area "Door": too short' }], "", 0],
  ["by its name as the key", [{ key: "Yard", message: "bad" }], "", 1],
  ["by its name in the sentence, where there are no errors", [], 'area "Yard": bad', 1],
  ["to none", [{ key: null, message: "the file is locked" }], "", null],
])("a problem belongs %s", (_, errors, words, at) => {
  const drafts = [draftOf(DOOR), draftOf(YARD)];
  const { of, rest } = problemsOf(errors, words, drafts);
  expect([...of.keys()]).toEqual(at === null ? [] : [drafts[at]?.key]);
  expect(rest).toHaveLength(at === null ? 1 : 0);
});
