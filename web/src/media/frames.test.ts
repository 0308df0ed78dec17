// @vitest-environment happy-dom
// Which name a presented frame gets in which browser, and that every image is closed.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { FakeVideoFrame, isWatched, present } from "./fakes/video";
import { FrameLoop, type PresentedFrame } from "./frames";

let video: HTMLVideoElement;
let frames: PresentedFrame[];
let loop: FrameLoop;

beforeEach(() => {
  vi.useFakeTimers();
  FakeVideoFrame.reset();
  vi.stubGlobal("VideoFrame", FakeVideoFrame);
  video = document.createElement("video");
  Object.defineProperties(video, { videoWidth: { value: 640 }, videoHeight: { value: 360 } });
  frames = [];
  loop = new FrameLoop(video, (frame) => frames.push(frame));
});

afterEach(() => {
  loop.stop();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe("a browser that names its frames", () => {
  test("gives the picture's own name, whatever the callback says", () => {
    loop.start();
    FakeVideoFrame.rtp = 5_000;
    present(video, { rtpTimestamp: 2_000, receiveTime: 12 });
    expect(frames).toMatchObject([{ rtp: 5_000, source: "videoframe", doubtful: false, width: 1280, height: 720, presentedMs: performance.now() }]);
    expect(frames[0]?.receivedMs, "that is when the callback's frame came, not this").toBeNull();
  });

  test.each([
    { name: "of the same frame", callback: 5_000 },
    { name: "of a callback without a name", callback: undefined },
  ])("knows when the packets $name came", ({ callback }) => {
    loop.start();
    FakeVideoFrame.rtp = 5_000;
    present(video, { receiveTime: 12, ...(callback === undefined ? {} : { rtpTimestamp: callback }) });
    expect(frames[0]?.receivedMs).toBe(12);
  });

  test("may fail for the first four frames, which are left out", () => {
    loop.start();
    for (let at = 0; at < 4; at++) present(video, { rtpTimestamp: 1 });
    expect(frames).toEqual([]);
    FakeVideoFrame.rtp = 5_000;
    present(video, { rtpTimestamp: 1 });
    expect(frames.map(({ source }) => source)).toEqual(["videoframe"]);
  });

  test("and lost a name later, leaves that frame out", () => {
    loop.start();
    for (const rtp of [1, 2, undefined, 4]) {
      FakeVideoFrame.rtp = rtp;
      present(video, { rtpTimestamp: 9 });
    }
    expect(frames.map(({ rtp }) => rtp)).toEqual([1, 2, 4]);
  });

  test("closes every image after the handler, also one that is left out, and after a handler that failed", () => {
    loop.start();
    present(video);
    FakeVideoFrame.rtp = 1;
    present(video);
    expect(frames).toHaveLength(1);
    loop.stop();
    loop = new FrameLoop(video, () => {
      throw new Error("no canvas");
    });
    loop.start();
    expect(() => {
      present(video);
    }).toThrow("no canvas");
    expect(FakeVideoFrame.open.size).toBe(0);
  });

  test("without a picture yet has no frame", () => {
    loop.start();
    FakeVideoFrame.shows = false;
    present(video);
    expect(frames).toEqual([]);
    expect(isWatched(video), "and goes on").toBe(true);
  });
});

describe("a browser whose callbacks name frames", () => {
  test.each([
    { name: "in time", expectedMs: 1, doubtful: false },
    { name: "late: it may be the next picture", expectedMs: -1, doubtful: true },
  ])("$name", ({ expectedMs, doubtful }) => {
    vi.stubGlobal("VideoFrame", undefined);
    loop.start();
    present(video, { rtpTimestamp: 7, receiveTime: 3, expectedDisplayTime: performance.now() + expectedMs });
    expect(frames).toMatchObject([{ rtp: 7, source: "callback", doubtful, image: video, width: 640, height: 360, receivedMs: 3 }]);
    expect(loop.doubtful).toBe(doubtful ? 1 : 0);
  });

  test("counts as one when its pictures have had no name five times", () => {
    loop.start();
    for (let at = 0; at < 7; at++) present(video, { rtpTimestamp: at });
    expect(frames.map(({ rtp, source }) => [rtp, source])).toEqual([[5, "callback"], [6, "callback"]]);
  });
});

describe("a browser that names none", () => {
  test("goes by the clock", () => {
    vi.stubGlobal("VideoFrame", undefined);
    loop.start();
    present(video);
    expect(frames).toMatchObject([{ rtp: null, source: "walltime", doubtful: false, receivedMs: null }]);
  });

  test("and has no callbacks: looks at every repaint whether the video went on", async () => {
    vi.resetModules();
    const callbacks = Object.getOwnPropertyDescriptor(HTMLVideoElement.prototype, "requestVideoFrameCallback") ?? {};
    Reflect.deleteProperty(HTMLVideoElement.prototype, "requestVideoFrameCallback");
    const { FrameLoop: Loop } = await import("./frames");
    Object.defineProperty(HTMLVideoElement.prototype, "requestVideoFrameCallback", callbacks);
    vi.stubGlobal("VideoFrame", undefined);
    let seconds = 0;
    Object.defineProperty(video, "currentTime", { get: () => seconds });
    const old = new Loop(video, (frame) => frames.push(frame));
    old.start();
    old.start();
    vi.advanceTimersToNextFrame();
    expect(frames).toHaveLength(1);
    vi.advanceTimersToNextFrame();
    expect(frames, "the same picture").toHaveLength(1);
    seconds = 0.04;
    vi.advanceTimersToNextFrame();
    expect(frames).toHaveLength(2);
    expect(frames[1]).toMatchObject({ source: "walltime", width: 640, height: 360 });
    old.stop();
    seconds = 0.08;
    vi.advanceTimersToNextFrame();
    expect(frames).toHaveLength(2);
  });
});

test("runs from start to stop, once", () => {
  FakeVideoFrame.rtp = 1;
  expect(isWatched(video)).toBe(false);
  loop.start();
  loop.start();
  present(video);
  expect(frames).toHaveLength(1);
  loop.stop();
  expect(isWatched(video)).toBe(false);
  present(video);
  expect(frames).toHaveLength(1);
  loop.start();
  present(video);
  expect(frames).toHaveLength(2);
});
