import { expect, test } from "vitest";
import type { NewExport } from "../../../wire";
import { isDirect, requestOf, sizeOf, spanFor, wrongWith, type Filled } from "./request";

const FILLED: Filled = {
  cameras: [1], span: { from: 100, to: 160.5 }, what: "mp4", tracks: "csv", boxes: true, labels: true, blur: "nobody", except: [], name: "",
};
const SENT = { cameras: [1], from: "100.000", to: "160.501" };
const ANNA = { camera_id: 1, track_id: 7 };

test.each<[string, Partial<Filled>, NewExport]>([
  ["untouched", {}, { ...SENT, format: "mp4" }],
  ["a name, without spaces around it", { name: " Gate " }, { ...SENT, format: "mp4", name: "Gate" }],
  ["with boxes and labels, as the server does by itself", { what: "rendered" }, { ...SENT, format: "rendered" }],
  ["without labels", { what: "rendered", labels: false }, { ...SENT, format: "rendered", labels: false }],
  ["without boxes there are no labels", { what: "rendered", boxes: false }, { ...SENT, format: "rendered", boxes: false, labels: false }],
  ["everybody is blurred", { what: "rendered", blur: "everybody", except: [ANNA] }, { ...SENT, format: "rendered", blur: {} }],
  ["all but one are blurred", { what: "player", blur: "others", except: [ANNA] }, { ...SENT, format: "player", blur: { except: [ANNA] } }],
  ["who is of a camera that is not exported is left out", { what: "player", blur: "others", except: [ANNA, { camera_id: 2, track_id: 8 }] }, { ...SENT, format: "player", blur: { except: [ANNA] } }],
  ["nothing is blurred in what is untouched", { blur: "everybody" }, { ...SENT, format: "mp4" }],
  ["tracks in their format", { what: "tracks", tracks: "coco", boxes: false, blur: "everybody" }, { ...SENT, format: "coco" }],
])("asks for %s", (_, more, sent) => {
  expect(requestOf({ ...FILLED, ...more })).toEqual(sent);
});

test.each<[string, Partial<Filled>, string]>([
  ["all is well", {}, ""],
  ["no camera", { cameras: [] }, "Choose a camera."],
  ["too many", { cameras: Array.from({ length: 17 }, (__, at) => at + 1) }, "16 cameras at most."],
  ["no time", { span: { from: 5, to: 5 } }, "Beginning and end are the same moment."],
  ["nobody is named", { what: "rendered", blur: "others" }, "Choose who is not blurred."],
  ["nobody is named where nobody can be blurred", { what: "tracks", blur: "others" }, ""],
])("says what is wrong: %s", (_, more, words) => {
  expect(wrongWith({ ...FILLED, ...more })).toBe(words);
});

test.each<[string, number | null, number | null, number, [number, number]]>([
  ["around the moment", null, null, 500, [470, 530]],
  ["no further than the present", null, null, 990, [960, 1_000]],
  ["between the marks", 100, 200, 500, [100, 200]],
  ["marks the other way round", 200, 100, 500, [100, 200]],
  ["from the mark to what is shown, and on", 100, null, 500, [100, 530]],
  ["from a mark that lies ahead", 600, null, 500, [600, 630]],
  ["from what is shown up to the mark", null, 700, 500, [500, 700]],
  ["up to a mark that lies behind", null, 100, 500, [70, 100]],
])("takes the span %s", (_, begin, end, at, [from, to]) => {
  expect(spanFor({ in: begin, out: end }, at, 1_000)).toEqual({ from, to });
});

test("only the untouched video of one camera is there at once", () => {
  expect([isDirect({ cameras: [1], what: "mp4" }), isDirect({ cameras: [1, 2], what: "mp4" }), isDirect({ cameras: [1], what: "player" })]).toEqual([true, false, false]);
});

test("the size is told where it is known", () => {
  const sizes = (["mp4", "player", "rendered", "tracks"] as const).map((what) => sizeOf({ what, blur: "nobody" }, 300));
  expect([...sizes, sizeOf({ what: "player", blur: "everybody" }, 300)]).toEqual([300, 400, null, null, null]);
});
