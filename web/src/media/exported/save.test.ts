import { expect, test } from "vitest";
import { FragmentParser } from "../recorded/fmp4";
import { ExportSource } from "./exportsource";
import { base64Of, box, cameraOf, chunkBytes, footageFiles, GOP, header, scriptsOf, timeOf, type Footage } from "../fakes/exported";
import { saved } from "./save";

const CHUNKS: readonly Footage[] = [[2, 4], [4, 6], [20, 22]];
const source = (files = footageFiles(CHUNKS)): ExportSource => new ExportSource(cameraOf(CHUNKS), scriptsOf(files).scripts);
const bytesOf = async (file: Blob): Promise<Uint8Array> => new Uint8Array(await file.arrayBuffer());

test("time begins at zero, and holes stay", async () => {
  const { file, isCut } = await saved(source(), () => undefined);
  const samples = new FragmentParser().push(await bytesOf(file)).flatMap((fragment) => fragment.samples);
  expect(isCut).toBe(false);
  expect(samples).toHaveLength(60);
  expect(samples.filter(({ key }) => key).map(({ time }) => time / GOP)).toEqual([0, 1, 2, 3, 18, 19]);
});

test("nothing but the times differs from the footage, behind one header", async () => {
  const { file } = await saved(source(), () => undefined);
  const bytes = await bytesOf(file);
  const all = CHUNKS.flatMap((chunk, at) => chunkBytes(chunk, at === 0 ? header() : []));
  const differing = all.flatMap((byte, at) => (byte === bytes[at] ? [] : [at]));
  expect(bytes).toHaveLength(all.length);
  // Two fragments a GOP, and eight bytes of each at most.
  expect(differing.length).toBeGreaterThan(0);
  expect(differing.length).toBeLessThanOrEqual(12 * 8);
});

test("tells how far it is", async () => {
  const parts: number[] = [];
  await saved(source(), (part) => parts.push(Math.round(part * 3)));
  expect(parts).toEqual([1, 2, 3]);
});

test("ends where the camera was set otherwise", async () => {
  const other = [...header(), ...box("free")];
  const { file, isCut } = await saved(source({ ...footageFiles(CHUNKS), "data/7-1.js": (calls) => { calls.razzFootage(7, 1, base64Of([...changed(other), ...chunkBytes([4, 6], [])])); } }), () => undefined);
  const samples = new FragmentParser().push(await bytesOf(file)).flatMap((fragment) => fragment.samples);
  expect([isCut, samples.length]).toEqual([true, 20]);
  expect(samples[0]?.time).toBe(timeOf(2) - timeOf(2));
});

/** A header that says another size. */
function changed(head: number[]): number[] {
  const at = head.findIndex((byte, n) => byte === 5 && head[n + 1] === 0 && head[n + 2] === 2 && head[n + 3] === 208);
  return head.map((byte, n) => (n === at ? 4 : byte));
}
