import { expect, test } from "vitest";
import { isNew, keepLooked, readLooked } from "./seen";
import { atWords, countWords, isLoss, kindOf, lengthWords, reasonWords, troubleWords } from "./words";

test.each([[0.42, "0.4 s"], [9.94, "9.9 s"], [9.96, "10 s"], [59.4, "59 s"], [59.6, "1 min 00 s"], [185, "3 min 05 s"], [3_599.6, "1 h 00 min"], [7_800, "2 h 10 min"], [356_400, "4 d 3 h"]])("%d s", (seconds, words) => {
  expect(lengthWords(seconds)).toBe(words);
});

test("what is at a moment", () => {
  const span = { from: 0, to: 1, ticks: [0, 90_000] as const };
  expect(atWords({ kind: "footage", span }, new Map([["car", 1], ["person", 2]]))).toBe("recorded, 2 people, 1 car");
  expect(atWords({ kind: "footage", span }, new Map())).toBe("recorded");
  expect(atWords({ kind: "gap", gap: { from: 0, to: 1, reason: "disk_full" } }, new Map())).toBe("not recorded: the disk was full");
  expect(atWords({ kind: "nothing" }, new Map())).toBe("nothing recorded");
  expect(countWords(new Map([["bus", 2], ["sheep", 3], ["dog", 2]]))).toBe("3 sheep, 2 buses, 2 dogs");
});

test("a reason that is not known yet is read as it stands, and is a loss", () => {
  expect([reasonWords("alien_attack"), isLoss("alien_attack"), isLoss("quiet"), isLoss("disk_slow")]).toEqual(["alien attack", true, false, true]);
});

test("kinds of classes", () => {
  expect(["person", "truck", "dog", "handbag"].map(kindOf)).toEqual(["person", "vehicle", "animal", "other"]);
});

test("a camera that should be recorded and is not", () => {
  const footage = { spans: [], gaps: [], locks: [], densities: [], oldest: null, newest: null };
  expect(troubleWords("Gate", { ...footage, state: "stopped", reason: "disk_full", error: null })).toBe("Gate is not being recorded: the disk was full.");
  expect(troubleWords("Gate", { ...footage, state: "stopped", reason: null, error: null })).toBe("Gate is not being recorded.");
  expect(troubleWords("Gate", { ...footage, state: "waiting", reason: null, error: null })).toBe("");
});

test("new is what came since the page was last open, until it is looked at", () => {
  const kept = new Map<string, string>();
  const storage = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => { kept.set(key, value); } };
  const visit = { id: "1-2-3", to: { unix: 1_000, media_time: "90000000" } };
  expect(readLooked(storage)).toBeNull();
  expect(isNew(visit, null, new Set()), "the first time, everything is as old as the rest").toBe(false);
  keepLooked(storage, 900.7);
  expect(readLooked(storage)).toBe(900);
  expect([isNew(visit, 900, new Set()), isNew(visit, 900, new Set(["1-2-3"])), isNew(visit, 1_001, new Set())]).toEqual([true, false, false]);
  const forbidden = (): never => { throw new Error("forbidden"); };
  expect(readLooked({ getItem: forbidden })).toBeNull();
  expect(() => { keepLooked({ setItem: forbidden }, 1); }).not.toThrow();
});
