// @vitest-environment happy-dom
// The link to recordings: whether it is there, and what makes it come and go.
import { afterEach, beforeEach, expect, test, vi } from "vitest";

type Answer = Response | Error;
let answer: Answer;

beforeEach(() => {
  localStorage.clear();
  vi.resetModules();
  vi.stubGlobal("fetch", vi.fn(() => (answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer))));
});
afterEach(() => {
  vi.unstubAllGlobals();
});

/** A page is opened, and the server answers it. */
async function opened(to: Answer): Promise<[before: boolean, after: boolean]> {
  answer = to;
  vi.resetModules();
  const { hasRecordings, learnRecordings } = await import("./hasrecordings");
  const before = hasRecordings.value;
  learnRecordings();
  learnRecordings();
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  return [before, hasRecordings.value];
}
const cameras = (...all: object[]): Response => Response.json({ cameras: all });

test("a server that records has the link, on the next page from the beginning", async () => {
  expect(await opened(cameras({ camera_id: 1 }))).toEqual([false, true]);
  expect(await opened(cameras({ camera_id: 1 }))).toEqual([true, true]);
  expect(fetch, "once for a page").toHaveBeenCalledTimes(2);
});

test.each<[string, Answer, boolean]>([
  ["one that records nothing has none", new Response(null, { status: 404 }), false],
  ["nor has one without a camera", cameras(), false],
  ["a sign-in says nothing of it", new Response(null, { status: 401 }), true],
  ["nor does a server that is gone", new TypeError("gone"), true],
])("%s", async (_, to, after) => {
  await opened(cameras({ camera_id: 1 }));
  expect(await opened(to)).toEqual([true, after]);
});
