// @vitest-environment happy-dom
// <razz-player at="…"> on a page: what it draws and tells, and what pages and keys can ask of it.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { browser, closePage, has, key, offers, openPage, pass, place, player, text } from "../fakes/page";
import { fakeCodecs, FakeDecoder } from "../fakes/codecs";
import { FakeRecorder, PICTURE, START, UNIX } from "../fakes/footage";
import { settled } from "../fakes/server";
import { FakeSocket } from "../fakes/socket";
import { message, track } from "../fakes/tracks";
import { FakeVideoFrame } from "../fakes/video";
import type { RazzPlayerEvents } from "../index";
import "../index";
import type { GapDetail, PlaybackDetail, RecordedFrame } from "./details";
import { rtpOf } from "./moment";

const at = (pictures: number): number => START + pictures * PICTURE;
let recorder: FakeRecorder;
let frames: RecordedFrame[] = [];
let playback: PlaybackDetail[] = [];
let gaps: GapDetail[] = [];

beforeEach(() => {
  openPage();
  vi.setSystemTime((UNIX + 3600) * 1000);
  fakeCodecs();
  recorder = new FakeRecorder();
  browser.server.on(/\/fragments\?/, recorder.fragments).on(/\/api\/recordings\?/, recorder.list);
  browser.server.on(/\/tracks\?/, (request) => void request.answer(200, {
    frames: Array.from({ length: 100 }, (_, n) => message(rtpOf(at(6 * n)), [track({ bbox: [60 * n, 200, 60 * n + 200, 600] })], { media_time: String(at(6 * n)) })),
  }));
  [frames, playback, gaps] = [[], [], []];
});
afterEach(async () => {
  await closePage();
  expect(FakeVideoFrame.open.size, "all pictures are closed").toBe(0);
});

/** A player of the recording; `attributes` beside `camera`. */
async function open(attributes: Record<string, string>): Promise<void> {
  place({ camera: "7", ...attributes });
  const listen = <Type extends keyof RazzPlayerEvents>(type: Type, to: (detail: RazzPlayerEvents[Type]["detail"]) => void): void => {
    player.addEventListener(type, (event) => { to((event as RazzPlayerEvents[Type]).detail); });
  };
  listen("razz-frame", (frame) => frames.push(frame as RecordedFrame));
  listen("razz-playback", (detail) => playback.push(detail));
  listen("razz-gap", (detail) => gaps.push(detail));
  await vi.dynamicImportSettled();
  await run(100);
}

/** Time passes, screen by screen. */
async function run(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 16) {
    await pass(16);
    await settled();
  }
}

const drawn = (): number[] => frames.splice(0).map(({ mediaTime }) => (Number(mediaTime) - START) / PICTURE);
const shown = (): number => (Number((player.frame as RecordedFrame | null)?.mediaTime) - START) / PICTURE;

test("plays from there, every picture with its names and its own tracks, and opens no live connection", async () => {
  await open({ at: `90k:${at(4)}` });
  await run(500);
  const [first] = frames;
  expect(first).toMatchObject({
    mediaTime: String(at(4)), rtpTimestamp: rtpOf(at(4)), tracksRtpTimestamp: rtpOf(at(4)), mode: "exact",
    tracks: [{ track_id: 12, bbox: [40, 200, 240, 600], state: "predicted" }],
  });
  expect(first?.unix).toBeCloseTo(UNIX + 4 / 30, 3);
  expect(frames.every(({ mode }) => mode === "exact")).toBe(true);
  const numbers = drawn();
  expect(numbers.length).toBeGreaterThan(10);
  expect(numbers).toEqual(numbers.map((_, n) => 4 + n));
  expect([offers().length, FakeSocket.all.length]).toEqual([0, 0]);
  expect([player.paused, player.rate, player.time]).toEqual([false, 1, player.time]);
  expect(player.state).toMatchObject({ video: "playing", frameMode: "exact", skewMs: 0, noPicture: [] });
});

test.each([
  { at: new Date(UNIX * 1000 + 1000).toISOString(), first: 30 },
  { at: String(UNIX + 2), first: 60 },
  { at: `90k:${at(7) + 5}`, first: 7 },
])("at=$at begins at picture $first", async ({ at: moment, first }) => {
  await open({ at: moment });
  player.pause();
  await run(200);
  expect(drawn().find((number) => number % 10 !== 0 || number === first)).toBe(first);
});

describe("the rate", () => {
  test.each([
    { rate: "2", pictures: 30, direction: 1 },
    { rate: "0.5", pictures: 7, direction: 1 },
    { rate: "-1", pictures: 15, direction: -1 },
  ])("$rate moves by about $pictures pictures in half a second", async ({ rate, pictures, direction }) => {
    await open({ at: `90k:${at(200)}`, rate });
    await run(300);
    const from = shown();
    await run(500);
    expect((shown() - from) * direction).toBeGreaterThan(0.6 * pictures);
    expect((shown() - from) * direction).toBeLessThan(1.4 * pictures);
    const numbers = drawn();
    expect([...numbers].sort((a, b) => (a - b) * direction)).toEqual(numbers);
  });

  test.each([{ rate: "16" }, { rate: "-16" }])("$rate shows key pictures alone", async ({ rate }) => {
    await open({ at: `90k:${at(300)}`, rate });
    await run(300);
    drawn();
    await run(500);
    const numbers = drawn();
    expect(numbers.length).toBeGreaterThan(2);
    expect(numbers.every((number) => number % 10 === 0)).toBe(true);
  });

  test("16, paused: steps find the pictures that it left out", async () => {
    await open({ at: `90k:${at(300)}`, rate: "16" });
    await run(500);
    player.pause();
    await run(100);
    const stood = shown();
    expect(stood % 10).toBe(0);
    player.step(-1);
    await run(300);
    expect(shown()).toBe(stood - 1);
    player.step(2);
    await run(300);
    expect(shown()).toBe(stood + 1);
  });

  test("changes while it plays, and is told", async () => {
    await open({ at: `90k:${at(100)}` });
    player.rate = -2;
    await run(400);
    expect([player.getAttribute("rate"), player.rate, playback.at(-1)?.rate]).toEqual(["-2", -2, -2]);
    expect(shown()).toBeLessThan(100);
  });
});

test("pauses, steps both ways, and goes on", async () => {
  await open({ at: `90k:${at(15)}` });
  player.pause();
  await run(300);
  const stood = shown();
  expect([player.paused, playback.at(-1)]).toMatchObject([true, { paused: true, seeking: false }]);
  drawn();
  for (const [by, to] of [[1, 1], [1, 2], [-1, 1], [-3, -2], [20, 18]] as const) {
    player.step(by);
    await run(200);
    expect(shown() - stood).toBe(to);
  }
  player.play();
  await run(300);
  expect(shown()).toBeGreaterThan(stood + 18);
});

test("paused, another filter shows at once", async () => {
  await open({ at: `90k:${at(6)}` });
  player.pause();
  await run(200);
  const before = player.frame?.tracks.length;
  player.setAttribute("classes", "!person");
  const hidden = player.frame?.tracks.length;
  player.removeAttribute("classes");
  expect([before, hidden, player.frame?.tracks.length]).toEqual([1, 0, 1]);
});

test("a picture that is sought comes after the key picture before it", async () => {
  await open({ at: `90k:${at(15)}` });
  player.pause();
  await run(200);
  drawn();
  player.seek(`90k:${at(308)}`);
  expect(playback.at(-1)).toMatchObject({ seeking: true });
  await run(300);
  expect(drawn()).toEqual([300, 308]);
  expect(playback.at(-1)).toMatchObject({ seeking: false, paused: true });
  player.setAttribute("at", `90k:${at(41)}`);
  await run(300);
  expect(shown()).toBe(41);
});

test("a hole is skipped, and told", async () => {
  const beyond = at(10_000);
  recorder.spans = [{ from: START, until: at(20) }, { from: beyond, until: beyond + 300 * PICTURE }];
  await open({ at: `90k:${at(5)}` });
  await run(6_000);
  expect(gaps).toHaveLength(1);
  expect(gaps[0]?.from).toBeCloseTo(UNIX + 20 / 30, 2);
  expect(gaps[0]?.to).toBeCloseTo(UNIX + 10_000 / 30, 2);
  expect(shown()).toBeGreaterThanOrEqual(10_000);
});

test("at the end it waits for more", async () => {
  recorder.spans = [{ from: START, until: at(20) }];
  await open({ at: `90k:${at(5)}` });
  await run(4_000);
  expect([shown(), playback.at(-1)]).toMatchObject([19, { ended: true, paused: false }]);
  recorder.spans = [{ from: START, until: at(120) }];
  await run(3_000);
  expect(shown()).toBeGreaterThan(20);
  expect(playback.at(-1)).toMatchObject({ ended: false });
});

describe("what there is to say", () => {
  test("nothing is recorded", async () => {
    recorder.spans = [];
    await open({ at: String(UNIX) });
    await run(3_000);
    expect(text("#words")).toBe("Nothing is recorded here.");
  });

  test("who may not watch is told", async () => {
    browser.server.on(/\/fragments\?/, (request) => void request.problem(403, "no"));
    await open({ at: String(UNIX) });
    await run(1_000);
    expect(text("#words")).toBe("You may not watch this camera.");
  });

  test("a picture that stands still since the server is gone", async () => {
    recorder.spans = [{ from: START, until: at(30) }];
    await open({ at: `90k:${at(5)}` });
    browser.server.on(/\/fragments\?/, (request) => void request.fail());
    await run(4_000);
    expect(text("#words")).toBe("The server does not answer.");
    browser.server.on(/\/fragments\?/, recorder.fragments);
    recorder.spans = [{ from: START, until: at(300) }];
    await run(4_000);
    expect(text("#words")).toBe("");
    expect(shown()).toBeGreaterThan(30);
  });

  test("this browser cannot", async () => {
    FakeDecoder.knows = [];
    await open({ at: String(UNIX) });
    await run(1_000);
    expect(text("#words")).toBe("This browser does not play H.264 recordings.");
  });

  test("later than all that is recorded is the last picture", async () => {
    await open({ at: String(UNIX + 3000) });
    await run(4_000);
    expect(shown()).toBe(599);
  });
});

test("without `at` it is live, with it a recording again", async () => {
  await open({ at: `90k:${at(5)}` });
  player.removeAttribute("at");
  await pass(0);
  expect(offers()).toHaveLength(1);
  expect([player.time, player.paused, player.frame]).toEqual([null, false, null]);
  player.seek(`90k:${at(50)}`);
  await vi.dynamicImportSettled();
  await run(200);
  expect([player.getAttribute("at"), shown() >= 50]).toEqual([`90k:${at(50)}`, true]);
});

test("moved about on its page, it goes on where it was", async () => {
  await open({ at: `90k:${at(50)}` });
  player.pause();
  await run(100);
  const stood = shown();
  player.remove();
  await pass(0);
  expect(FakeVideoFrame.open.size).toBe(0);
  document.body.append(player);
  await vi.dynamicImportSettled();
  await run(300);
  expect([shown(), player.paused]).toEqual([stood, true]);
});

test("its keys come before those of live video, where there are controls", async () => {
  await open({ at: `90k:${at(100)}`, controls: "" });
  expect(key(" ")).toBe(false);
  expect(player.paused).toBe(true);
  await run(200);
  const stood = shown();
  key(".");
  await run(200);
  expect(shown()).toBe(stood + 1);
  key("ArrowRight", { shiftKey: true });
  await run(200);
  expect(shown()).toBe(stood + 31);
  key("l");
  expect([player.rate, player.paused, player.hasAttribute("no-labels")]).toEqual([2, false, false]);
  key("b");
  expect(player.hasAttribute("no-boxes")).toBe(true);
  player.removeAttribute("controls");
  expect(key(" ")).toBe(true);
  expect(has("#bar")).toBe(false);
});
