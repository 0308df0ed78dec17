import { expect, test } from "vitest";
import { bytesIn } from "./recordings";

const moment = (unix: number): { unix: number; media_time: string } => ({ unix, media_time: String(unix * 90_000) });

test.each<[string, [number, number, number][], number]>([
  ["all of one", [[100, 160, 600]], 600],
  ["a part of one that reaches beyond both ends", [[0, 600, 6_000]], 600],
  ["parts of two", [[0, 130, 1_300], [140, 620, 4_800]], 500],
  ["nothing there", [[0, 90, 900]], 0],
  ["a single picture", [[120, 120, 50]], 0],
])("scales bytes: %s", (_, spans, bytes) => {
  expect(Math.round(bytesIn({ spans: spans.map(([from, to, size]) => ({ from: moment(from), to: moment(to), bytes: size })) }, 100, 160))).toBe(bytes);
});
