// Keys that play a recording.
import { expect, test, vi } from "vitest";
import { executeKey } from "./keys";

test.each([
  { key: " ", does: ["pause", true] },
  { key: "k", does: ["pause", true] },
  { key: "K", does: ["pause", true] },
  { key: "j", does: ["play", 0.5] },
  { key: "l", does: ["play", 2] },
  { key: ",", does: ["step", -1] },
  { key: ".", does: ["step", 1] },
  { key: "ArrowLeft", does: ["skip", -10] },
  { key: "ArrowRight", does: ["skip", 10] },
  { key: "ArrowLeft", shiftKey: true, does: ["skip", -1] },
  { key: "ArrowRight", shiftKey: true, does: ["skip", 1] },
  { key: "b", does: [] },
  { key: "ArrowUp", does: [] },
])("$key (shift: $shiftKey) is $does", ({ key, shiftKey = false, does }) => {
  const done: unknown[] = [];
  const doing = (name: string) => vi.fn((argument: unknown) => { done.push(name, argument); });
  const player = { paused: false, rate: 1, pause: doing("pause"), play: doing("play"), step: doing("step"), skip: doing("skip") };
  expect(executeKey({ key, shiftKey }, player)).toBe(does.length > 0);
  expect(done).toEqual(does);
});
