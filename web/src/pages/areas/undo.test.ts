// Steps back and forth.
import { expect, test } from "vitest";
import { Undo } from "./undo";

test("back to the beginning, and on again", () => {
  const undo = new Undo<number>();
  undo.note(1);
  undo.note(2);
  expect(undo.undo(3)).toBe(2);
  expect(undo.undo(2)).toBe(1);
  expect(undo.undo(1)).toBeNull();
  expect(undo.redo(1)).toBe(2);
  expect(undo.redo(2)).toBe(3);
  expect(undo.redo(3)).toBeNull();
});

test("a change after an undo forgets what was undone", () => {
  const undo = new Undo<number>();
  undo.note(1);
  undo.undo(2);
  undo.note(1);
  expect(undo.canRedo).toBe(false);
});

test("a drag is one step, the next drag another", () => {
  const undo = new Undo<number>();
  undo.note(1, "drag 0");
  undo.note(2, "drag 0");
  undo.settle();
  undo.note(3, "drag 0");
  expect(undo.undo(4)).toBe(3);
  expect(undo.undo(3)).toBe(1);
  expect(undo.canUndo).toBe(false);
});

test("the oldest steps are forgotten", () => {
  const undo = new Undo<number>(2);
  for (const state of [1, 2, 3]) undo.note(state);
  expect([undo.undo(4), undo.undo(3), undo.undo(2)]).toEqual([3, 2, null]);
});
