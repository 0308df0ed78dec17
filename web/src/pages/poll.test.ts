// @vitest-environment happy-dom
// How often a page asks, and when it draws anew.
import { afterEach, beforeEach, expect, test, vi, type MockInstance } from "vitest";
import type { Answer } from "./api";
import { poll } from "./poll";

let answers: ((answer: Answer<{ fps: number }>) => void)[];
let hidden: boolean;
let listening: MockInstance<typeof document.addEventListener>;
const ask = (): Promise<Answer<{ fps: number }>> => new Promise((resolve) => answers.push(resolve));

beforeEach(() => {
  vi.useFakeTimers();
  [answers, hidden] = [[], false];
  vi.spyOn(document, "hidden", "get").mockImplementation(() => hidden);
  // A poll lasts as long as its page: what it listens to has to go with the test.
  listening = vi.spyOn(document, "addEventListener");
});

afterEach(() => {
  for (const [type, listener] of listening.mock.calls) document.removeEventListener(type, listener);
  vi.clearAllTimers();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** The newest question is answered. */
async function answer(result: Answer<{ fps: number }>): Promise<void> {
  answers.at(-1)?.(result);
  await vi.advanceTimersByTimeAsync(0);
}
const good = (fps: number): Answer<{ fps: number }> => ({ ok: true, value: { fps } });
const refused = (status: number | null): Answer<{ fps: number }> => ({ ok: false, status, words: "Not you.", errors: [] });

test("asks at once, and then so long after each answer", async () => {
  const polled = poll(ask, 1_000);
  expect([answers.length, polled.value.value, polled.trouble.value]).toEqual([1, null, ""]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(answers, "one question at a time").toHaveLength(1);
  await answer(good(25));
  expect(polled.value.value).toEqual({ fps: 25 });
  await vi.advanceTimersByTimeAsync(999);
  expect(answers).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(answers).toHaveLength(2);
});

test("a hidden page asks a fifth as often, and at once when it is looked at", async () => {
  poll(ask, 1_000);
  hidden = true;
  document.dispatchEvent(new Event("visibilitychange"));
  await answer(good(25));
  await vi.advanceTimersByTimeAsync(4_999);
  expect(answers).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(answers).toHaveLength(2);
  await answer(good(25));
  hidden = false;
  document.dispatchEvent(new Event("visibilitychange"));
  expect(answers).toHaveLength(3);
});

test("a refusal is told in words, and the last good value stays", async () => {
  const polled = poll(ask, 1_000);
  await answer(good(25));
  await vi.advanceTimersByTimeAsync(1_000);
  await answer(refused(403));
  expect([polled.value.value, polled.trouble.value, polled.refused.value]).toEqual([{ fps: 25 }, "Not you.", 403]);
  await vi.advanceTimersByTimeAsync(1_000);
  await answer(refused(null));
  expect(polled.refused.value, "no answer is no refusal").toBeNull();
  await vi.advanceTimersByTimeAsync(1_000);
  await answer(good(26));
  expect([polled.value.value, polled.trouble.value, polled.refused.value]).toEqual([{ fps: 26 }, "", null]);
});

test("nothing is drawn anew for an answer that says the same, but every one is heard of", async () => {
  const heard: number[] = [];
  let drawn = 0;
  const polled = poll(ask, 1_000, ({ fps }) => heard.push(fps));
  const end = polled.value.subscribe(() => drawn++);
  for (const fps of [25, 25, 26]) {
    await answer(good(fps));
    await vi.advanceTimersByTimeAsync(1_000);
  }
  end();
  expect(heard).toEqual([25, 25, 26]);
  expect(drawn, "at first, at 25, at 26").toBe(3);
});

test("asked again, it counts from that answer", async () => {
  const polled = poll(ask, 1_000);
  await answer(good(25));
  await vi.advanceTimersByTimeAsync(900);
  polled.again();
  expect(answers).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(900);
  expect(answers, "the question that was due is not asked beside it").toHaveLength(2);
  await answer(good(25));
  await vi.advanceTimersByTimeAsync(999);
  expect(answers).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(1);
  expect(answers).toHaveLength(3);
});
