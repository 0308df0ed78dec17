// When the server is asked how the session goes.
import { beforeEach, expect, test, vi } from "vitest";
import type { ViewerSession } from "../wire";
import { session } from "./fakes/session";
import { settled } from "./fakes/server";
import { SessionReports } from "./sessionreports";

const answer = vi.fn<() => Promise<ViewerSession | null>>();
const heard = vi.fn<(report: ViewerSession | null) => void>();
let reports: SessionReports;

beforeEach(() => {
  answer.mockReset().mockResolvedValue(session());
  heard.mockReset();
  reports = new SessionReports(answer, heard);
});

/** How often it was asked since the last time. */
function asked(): number {
  const { length } = answer.mock.calls;
  answer.mockClear();
  return length;
}

/** So much time goes by in ticks. */
async function tick(rendition: string | undefined, fromMs: number, toMs: number): Promise<void> {
  for (let nowMs = fromMs; nowMs < toMs; nowMs += 250) {
    reports.tick(rendition, nowMs);
    await settled();
  }
}

test("at once when frames of another size come, and not for each of them", async () => {
  for (const [width, at] of [[1_280, 0], [1_280, 33], [640, 66], [640, 100]] as const) reports.shown(width, 360, at);
  await settled();
  expect(asked()).toBe(2);
  expect(reports.newest).toEqual(session());
  expect(heard).toHaveBeenLastCalledWith(session());
});

test("seldom while the camera's own is shown, more often while something else is", async () => {
  await tick(undefined, 0, 5_000);
  expect(asked(), "before the first frame").toBe(0);
  reports.shown(1_280, 720, 0);
  expect(asked()).toBe(1);
  await tick("camera", 0, 30_000);
  expect(asked()).toBe(2);
  await tick("180p", 30_000, 40_000);
  expect(asked()).toBe(5);
});

test("what was said lately is good enough for whoever wants to know", async () => {
  expect(await reports.recent(0)).toEqual(session());
  answer.mockResolvedValue(session({ waits: 2 }));
  expect((await reports.recent(1_999))?.waits).toBe(0);
  expect((await reports.recent(2_000))?.waits).toBe(2);
  answer.mockResolvedValue(null);
  expect(await reports.recent(9_000), "nobody answers").toBeNull();
  expect(reports.newest?.waits, "what was known is kept").toBe(2);
});

test("the next session begins without what was said of the last", () => {
  reports.add(session());
  reports.shown(1_280, 720, 0);
  expect(asked()).toBe(1);
  reports.add(null);
  expect([reports.newest, heard.mock.lastCall]).toEqual([null, [null]]);
  reports.tick("180p", 60_000);
  expect(asked(), "before its first frame").toBe(0);
  reports.shown(1_280, 720, 61_000);
  expect(asked()).toBe(1);
});
