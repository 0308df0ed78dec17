import { expect, test } from "vitest";
import { START } from "../fakes/footage";
import type { TrackMessage } from "../../wire";
import { cameraOf, scriptsOf } from "../fakes/exported";
import { TrackFiles } from "./trackfiles";

const SECOND = 90_000;
const HOUR = 3_600;

/** The frames of each script, by seconds after the beginning. */
const HOURS: readonly (readonly number[])[] = [[0, 10, 20], [HOUR + 5, HOUR + 6], [], [3 * HOUR + 1, 3 * HOUR + 2]];

function files(hours = HOURS) {
  const frame = (second: number): TrackMessage => ({ media_time: String(START + second * SECOND), tracks: [] }) as unknown as TrackMessage;
  const { scripts, loaded } = scriptsOf(Object.fromEntries(hours.map((seconds, at) => [`data/7-tracks-${at}.js`, (calls) => { calls.razzTracks(7, at, seconds.map(frame)); }])));
  return { files: new TrackFiles(cameraOf([[0, 10]], hours.length), scripts), loaded };
}

test.each<[string, number, number, number[]]>([
  ["with the one before and after", 5, 8, [0, 10]],
  ["and those between", 5, 15, [0, 10, 20]],
  ["on a frame itself", 10, 10, [0, 10, 20]],
  ["over the end of a script", 15, HOUR + 5, [10, 20, HOUR + 5, HOUR + 6]],
  ["between two scripts", 500, 600, [20, HOUR + 5]],
  ["over one without frames", HOUR + 6, 3 * HOUR, [HOUR + 5, HOUR + 6, 3 * HOUR + 1]],
  ["within one without frames", 2 * HOUR + 5, 2 * HOUR + 6, [HOUR + 6, 3 * HOUR + 1]],
  ["before the first", -20, -10, [0]],
  ["behind the last", 4 * HOUR, 4 * HOUR + 5, [3 * HOUR + 2]],
])("finds track frames: %s", async (_, from, to, seconds) => {
  const found = await files().files.between(START + from * SECOND, START + to * SECOND);
  expect(found.map(({ media_time }) => (Number(media_time) - START) / SECOND)).toEqual(seconds);
});

test("loads what it needs alone", async () => {
  const { files: some, loaded } = files();
  await some.between(START + 5 * SECOND, START + 8 * SECOND);
  expect(loaded.sort()).toEqual(["data/7-tracks-0.js", "data/7-tracks-1.js"]);
});

test("an export without tracks has none", async () => {
  expect(await files([]).files.between(0, 1e15)).toEqual([]);
});
