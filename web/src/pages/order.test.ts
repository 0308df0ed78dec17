// Tiles where the viewer put them.
import { expect, test } from "vitest";
import { arranged, keepOrder, moved, readOrder } from "./order";

const cameras = [{ id: 1 }, { id: 2 }, { id: 3 }];

test.each([
  { kept: [], ids: [1, 2, 3] },
  { kept: [3, 1, 2], ids: [3, 1, 2] },
  { kept: [3], ids: [3, 1, 2] },
  { kept: [9, 2], ids: [2, 1, 3] },
])("kept as $kept: $ids", ({ kept, ids }) => {
  expect(arranged(cameras, kept).map(({ id }) => id)).toEqual(ids);
});

test.each([
  { id: 1, to: 2, ids: [2, 3, 1] },
  { id: 3, to: 0, ids: [3, 1, 2] },
  { id: 2, to: -1, ids: [2, 1, 3] },
  { id: 2, to: 99, ids: [1, 3, 2] },
])("$id to $to", ({ id, to, ids }) => {
  expect(moved([1, 2, 3], id, to)).toEqual(ids);
});

test("kept and read again, and nothing of what others left there", () => {
  const store = new Map<string, string>();
  const storage = { getItem: (key: string) => store.get(key) ?? null, setItem: (key: string, value: string) => void store.set(key, value) };
  expect(readOrder(storage)).toEqual([]);
  keepOrder(storage, [2, 1]);
  expect(readOrder(storage)).toEqual([2, 1]);
  for (const text of ["{", "7", "[1,\"x\",2.5]"]) {
    store.set([...store.keys()][0] ?? "", text);
    expect(readOrder(storage).every(Number.isInteger)).toBe(true);
  }
});
