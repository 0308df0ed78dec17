import { expect, test } from "vitest";
import { PICTURE } from "../fakes/footage";
import { FragmentParser } from "../recorded/fmp4";
import type { Moment } from "../recorded/moment";
import type { Answer } from "../recorded/server";
import { ExportSource } from "./exportsource";
import { cameraOf, footageFiles, GOP, scriptsOf, timeOf, unixOf, type Footage } from "../fakes/exported";

/** GOPs 0 to 9 without a hole, and 20 to 29 behind one. */
const CHUNKS: readonly Footage[] = [[0, 4], [4, 10], [20, 25], [25, 30]];
const never = new AbortController().signal;

function exported(files = footageFiles(CHUNKS)) {
  const { scripts, loaded } = scriptsOf(files);
  return { source: new ExportSource(cameraOf(CHUNKS), scripts), loaded };
}

/** What an answer holds: the GOPs by their numbers, and how many pictures. */
async function read(answer: Answer<ReadableStream<Uint8Array>>): Promise<{ gops: number[]; pictures: number } | string> {
  if (answer.kind !== "answer") return answer.kind;
  const parser = new FragmentParser();
  const samples = [];
  for await (const piece of answer.answer) samples.push(...parser.push(piece).flatMap((fragment) => fragment.samples));
  return { gops: samples.filter(({ key }) => key).map(({ time }) => (time - timeOf(0)) / GOP), pictures: samples.length };
}

const time = (gop: number, ticks = 0): Moment => ({ time: timeOf(gop) + ticks });
const unix = (gop: number): Moment => ({ unix: unixOf(timeOf(gop)) });

test.each<[string, Moment, Moment, number[] | string]>([
  ["one GOP", time(2), time(3), [2]],
  ["from the key picture before it", time(2, 4 * PICTURE), time(4), [2, 3]],
  ["over the end of a chunk", time(3), time(6), [3, 4, 5]],
  ["over a hole", time(9), time(21), [9, 20]],
  ["from a hole on", time(12), time(22), [20, 21]],
  ["up to its end and no further", time(28), time(90), [28, 29]],
  ["from before the beginning", time(-50), time(1), [0]],
  ["nothing behind the end", time(30), time(40), "nothing"],
  ["nothing within a hole", time(11), time(15), "nothing"],
  ["by the wall's time", unix(2), unix(4), [2, 3]],
  ["by the wall's time, at the beginning of a chunk", unix(4), unix(5), [4]],
  ["by the wall's time, within a hole", unix(15), unix(21), [20]],
])("answers with footage: %s", async (_, from, to, gops) => {
  const { source } = exported();
  const answer = await read(await source.fragments(from, to, false, never));
  expect(typeof answer === "string" ? answer : answer.gops).toEqual(gops);
});

test("a camera without footage has none", async () => {
  const source = new ExportSource({ ...cameraOf([[0, 1]]), chunks: [], spans: [] }, scriptsOf({}).scripts);
  expect([await source.fragments(time(0), time(1), false, never), await source.spans(time(0), time(1))]).toEqual([{ kind: "nothing" }, { kind: "answer", answer: [] }]);
});

test("a last picture is of its own GOP", async () => {
  const { source } = exported();
  expect(await read(await source.fragments(time(2, 3 * PICTURE), time(2, 5 * PICTURE), false, never))).toEqual({ gops: [2], pictures: 10 });
});

test("answers with key pictures alone", async () => {
  const { source } = exported();
  expect(await read(await source.fragments(time(2), time(22), true, never))).toEqual({ gops: [2, 3, 4, 5, 6, 7, 8, 9, 20, 21], pictures: 10 });
});

test("loads a chunk when it is needed, once", async () => {
  const { source, loaded } = exported();
  await read(await source.fragments(time(0), time(2), false, never));
  expect(loaded).toEqual(["data/7-0.js"]);
  await Promise.all([source.fragments(time(21), time(22), false, never), source.fragments(time(22), time(23), false, never)].map(async (answer) => read(await answer)));
  expect(loaded).toEqual(["data/7-0.js", "data/7-2.js"]);
});

test("a file that is missing is named, and looked for again", async () => {
  const files = footageFiles(CHUNKS);
  const { "data/7-1.js": missing, ...rest } = files;
  const { source } = exported(rest);
  const failure = { kind: "file", name: "data/7-1.js" };
  expect(await source.fragments(time(5), time(6), false, never)).toEqual({ kind: "failed", failure });
  const answer = await source.fragments(time(3), time(6), false, never);
  await expect(read(answer)).rejects.toMatchObject({ failure });
  if (missing) rest["data/7-1.js"] = missing;
  expect(await read(await source.fragments(time(5), time(6), false, never))).toMatchObject({ gops: [5] });
});

test.each<[string, (calls: { razzFootage: (camera: number, index: number, base64: string) => void }) => void]>([
  ["nothing", () => undefined],
  ["another chunk", (calls) => { calls.razzFootage(7, 3, ""); }],
  ["no base64", (calls) => { calls.razzFootage(7, 0, "?"); }],
  ["no footage", (calls) => { calls.razzFootage(7, 0, btoa("no footage at all")); }],
])("a file that holds %s cannot be read", async (_, run) => {
  const { source } = exported({ "data/7-0.js": run });
  expect(await source.fragments(time(0), time(1), false, never)).toMatchObject({ kind: "failed", failure: { kind: "file" } });
});

test.each<[string, Moment, Moment, [number, number][]]>([
  ["all of them", { unix: 0 }, { unix: 3e9 }, [[0, 10], [20, 30]]],
  ["those after a moment", time(10), time(90), [[20, 30]]],
  ["those before it", time(0), time(10), [[0, 10]]],
  ["none", time(12), time(14), []],
])("answers with spans: %s", async (_, from, to, spans) => {
  const { source } = exported();
  expect(await source.spans(from, to)).toEqual({ kind: "answer", answer: spans.map(([begin, end]) => ({ from: timeOf(begin), until: timeOf(end) })) });
});

test("who has aborted gets no more", async () => {
  const { source } = exported();
  const abort = new AbortController();
  const answer = await source.fragments(time(0), time(30), false, abort.signal);
  if (answer.kind !== "answer") throw new Error(answer.kind);
  const reader = answer.answer.getReader();
  await reader.read();
  abort.abort();
  await reader.read();
  expect((await reader.read()).done || (await reader.read()).done).toBe(true);
});
