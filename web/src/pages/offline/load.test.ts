// @vitest-environment happy-dom
import { afterEach, expect, test, vi } from "vitest";
import { cameraOf, unixOf, timeOf } from "../../media/fakes/exported";
import type { ExportManifest } from "../../media/exported/manifest";
import { settled } from "../../media/fakes/server";

const MANIFEST: ExportManifest = { version: 1, name: "Gate", made: 1, razz: "0.1", blurred: false, cameras: [cameraOf([[0, 4], [10, 14]])] };

/** A page with `export.js` beside it that calls with `told`; null: there is none. */
async function page(told: unknown) {
  vi.resetModules();
  vi.spyOn(document.head, "append").mockImplementation((script) => {
    const { onload, onerror } = script as unknown as { onload: () => void; onerror: () => void };
    if (told !== undefined) (globalThis as unknown as { razzExport: (told: unknown) => void }).razzExport(told);
    (told === undefined ? onerror : onload)();
  });
  const [loading, state, source] = await Promise.all([import("./load"), import("../playback/state"), import("../../media/recorded/source")]);
  loading.load();
  await settled();
  return { ...loading, state, source };
}

afterEach(() => { vi.restoreAllMocks(); });

test("the page is at the beginning, waits, and knows footage and holes", async () => {
  const { state, broken, source } = await page(MANIFEST);
  expect(broken.value).toEqual([]);
  expect([state.live.value, state.paused.value, state.at.value, state.ends.value]).toEqual([false, true, unixOf(timeOf(0)), unixOf(timeOf(14))]);
  expect(state.coverage.value.get(7)?.spans).toHaveLength(2);
  expect([state.chosen.value, state.nameOf(7), state.visits.value]).toEqual([[7], "Gate", null]);
  expect(await source.sourceOf({ origin: { base: "", token: null }, camera: 7 }).spans({ unix: 0 }, { unix: 3e9 }, new AbortController().signal)).toMatchObject({ kind: "answer" });
});

test.each<[string, unknown, RegExp]>([
  ["there is none", undefined, /export\.js is missing/],
  ["it is of another version", { ...MANIFEST, version: 2 }, /another version/],
])("says why nothing is played: %s", async (_, told, words) => {
  const { broken, manifest } = await page(told);
  expect(broken.value[0]).toMatch(words);
  expect(manifest.value).toBeNull();
});
