// One question at a time, always the newest.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { eachLine, Newest } from "./newest";

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

/** A server that takes `ms` for each answer, and what became of each question. */
function server(ms: number) {
  const heard: string[] = [];
  const newest = new Newest<number>((question, signal) => new Promise((done) => {
    heard.push(`asked ${question}`);
    const timer = setTimeout(() => { heard.push(`answered ${question}`); done(); }, ms);
    signal.addEventListener("abort", () => { clearTimeout(timer); heard.push(`aborted ${question}`); done(); });
  }), 500);
  return { heard, newest };
}

test("what was wanted while one was on its way is asked after it, but only the newest", async () => {
  const { heard, newest } = server(100);
  for (const question of [1, 2, 3]) newest.want(question);
  await vi.advanceTimersByTimeAsync(1000);
  expect(heard).toEqual(["asked 1", "answered 1", "asked 3", "answered 3"]);
});

test("an answer that takes long and is outdated is aborted", async () => {
  const { heard, newest } = server(2000);
  newest.want(1);
  await vi.advanceTimersByTimeAsync(300);
  newest.want(2);
  await vi.advanceTimersByTimeAsync(100);
  expect(heard).toEqual(["asked 1"]);
  await vi.advanceTimersByTimeAsync(2200);
  expect(heard).toEqual(["asked 1", "aborted 1", "asked 2", "answered 2"]);
});

test("one that takes long and is still wanted is waited for", async () => {
  const { heard, newest } = server(2000);
  newest.want(1);
  await vi.advanceTimersByTimeAsync(2000);
  expect(heard).toEqual(["asked 1", "answered 1"]);
});

test("nothing is asked after it was dropped", async () => {
  const { heard, newest } = server(100);
  newest.want(1);
  newest.want(2);
  newest.drop();
  await vi.advanceTimersByTimeAsync(1000);
  expect(heard).toEqual(["asked 1", "aborted 1"]);
});

test.each([
  ["whole lines", ["a\n", "b\n"], ["a", "b"]],
  ["lines in pieces", ["a", "b\nc", "\n"], ["ab", "c"]],
  ["no newline at the end", ["a\nb"], ["a", "b"]],
  ["a letter in pieces", [new Uint8Array([0xc3]), new Uint8Array([0xa9, 0x0a])], ["é"]],
])("%s", async (_, pieces, lines) => {
  const heard: string[] = [];
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      for (const piece of pieces) controller.enqueue(typeof piece === "string" ? encoder.encode(piece) : piece);
      controller.close();
    },
  });
  await eachLine(body, (line) => heard.push(line));
  expect(heard).toEqual(lines);
});
