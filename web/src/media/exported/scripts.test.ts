import { expect, test } from "vitest";
import { chunkBytes, footageFiles, scriptsOf, type Footage } from "../fakes/exported";

const CHUNKS: readonly Footage[] = [[0, 4], [4, 8], [8, 12], [12, 16]];
const SIZE = chunkBytes([0, 4]).length;

test("what was used longest ago goes when there is too much", async () => {
  const { scripts, loaded } = scriptsOf(footageFiles(CHUNKS), 2.5 * SIZE);
  const use = (index: number): Promise<unknown> => scripts.footage(7, index, `data/7-${index}.js`);
  await use(0);
  await use(1);
  await use(0);
  await use(2);
  expect(scripts.bytes).toBe(2 * SIZE);
  await use(0);
  await use(2);
  expect(loaded).toHaveLength(3);
  await use(1);
  expect(loaded.at(-1)).toBe("data/7-1.js");
  expect(scripts.bytes).toBe(2 * SIZE);
});

test("one that is larger than the limit is kept while it is the newest", async () => {
  const { scripts } = scriptsOf(footageFiles(CHUNKS), SIZE / 2);
  await scripts.footage(7, 0, "data/7-0.js");
  expect(scripts.bytes).toBe(SIZE);
});
