// @vitest-environment happy-dom
// What becomes of a presented frame: which boxes it gets, what is on the canvas, and which pictures are let go of.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { rtpAddMs } from "./clock/rtp";
import { fakeCanvases, FakeResizeObserver, type FakeContext } from "./fakes/canvas";
import { message, track } from "./fakes/tracks";
import { FakeVideoFrame } from "./fakes/video";
import { filterOf } from "./filter";
import type { PresentedFrame } from "./frames";
import { Picture } from "./picture";
import { Presenter, skewMs, type PlayerMode } from "./presenter";
import { TrackMap } from "./trackmap";

const ALL = { boxes: true, labels: false, trails: false };
const START = 2 ** 32 - 9_000;
/** The RTP timestamp `ms` after the start, past a wrap. */
const rtpAt = (ms: number): number => rtpAddMs(START, ms);

let canvas: HTMLCanvasElement;
let context: FakeContext;
let map: TrackMap;
let presenter: Presenter;

function begin(mode: PlayerMode): void {
  map = new TrackMap();
  presenter = new Presenter(canvas, map, mode, ALL);
}

beforeEach(() => {
  FakeVideoFrame.reset();
  const contextOf = fakeCanvases();
  canvas = document.body.appendChild(document.createElement("canvas"));
  [canvas.width, canvas.height] = [1280, 720];
  context = contextOf(canvas);
  begin("exact");
});

afterEach(() => {
  canvas.remove();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** A frame of `ms` after the start, presented then. Its own image is closed when it was drawn, as `FrameLoop` does. */
function present(ms: number, changes: Partial<PresentedFrame> = {}, holdMs = 100): ReturnType<Presenter["present"]> {
  const image = new FakeVideoFrame(null);
  context.forget();
  const drawn = presenter.present(
    { image: image as unknown as VideoFrame, width: 1280, height: 720, rtp: rtpAt(ms), source: "videoframe", doubtful: false, receivedMs: null, presentedMs: ms, ...changes },
    holdMs,
  );
  image.close();
  return drawn;
}

/** Frames are for the eye from now on. */
function live(): void {
  presenter.gate.noteEdge(rtpAt(0), 0);
  present(0);
  expect(presenter.gate.state).toBe("live");
}
const boxes = (): unknown[] => context.of("strokeRect").map(({ args }) => args);
const pictures = (): number => context.of("drawImage").length;

describe("exact mode", () => {
  test("a frame gets the boxes of its own message, on its own picture", () => {
    live();
    map.add(message(rtpAt(33)), 30);
    expect(present(33)).toEqual({
      rtpTimestamp: rtpAt(33),
      tracksRtpTimestamp: rtpAt(33),
      mode: "exact",
      rendition: "camera",
      tracks: [{ track_id: 12, bbox: [100, 200, 300, 600], source: "bytetrack", state: "matched", class: "person", confidence: 0.93 }],
    });
    expect(presenter.frame?.rtpTimestamp).toBe(rtpAt(33));
    expect([pictures(), boxes().at(-1)]).toEqual([1, [100, 200, 200, 400]]);
    expect(presenter.counts).toEqual({ exact: 1, near: 0, interpolated: 0, extrapolated: 0, none: 1, hidden: 0 });
    expect(presenter.pictureSize).toEqual([1280, 720]);
    expect(presenter.skewsMs).toEqual({ p50: 0, p95: 0 });
  });

  test("without its own, it gets those between its neighbours, and says so", () => {
    live();
    map.add(message(rtpAt(0), [track({ bbox: [0, 0, 100, 100] })]), 0);
    map.add(message(rtpAt(100), [track({ bbox: [100, 0, 200, 100] })]), 90);
    expect(present(40)).toMatchObject({ mode: "interpolated", tracksRtpTimestamp: rtpAt(0), tracks: [{ bbox: [40, 0, 140, 100], state: "predicted" }] });
    expect(presenter.skewsMs).toEqual({ p50: 40, p95: 40 });
  });

  test("after the last message they are carried on by their speed", () => {
    live();
    map.add(message(rtpAt(0)), 0);
    expect(present(500)).toMatchObject({ mode: "extrapolated", tracks: [{ bbox: [150, 200, 350, 600] }] });
  });

  test("with no message at all there are none", () => {
    live();
    expect(present(33)).toMatchObject({ mode: "none", tracksRtpTimestamp: null, tracks: [] });
    expect(skewMs(presenter.frame)).toBeNull();
  });

  test("the same frame is not drawn again, unless its tracks have come", () => {
    live();
    expect(present(33)).not.toBeNull();
    expect(present(33)).toBeNull();
    map.add(message(rtpAt(33)), 40);
    expect(present(33)).toMatchObject({ mode: "exact" });
  });

  test("boxes refer to the size of their message", () => {
    live();
    map.add(message(rtpAt(33), [track()], { frame_size: [640, 360] }), 30);
    present(33);
    expect(boxes().at(-1)).toEqual([200, 400, 400, 800]);
  });

  test.each<[string, [number, number], [number, number] | undefined, number[], number[]]>([
    // 640x720 of pixels twice as wide fills the canvas of 1280x720; boxes are in pixels as sent.
    ["pixels that are twice as wide", [640, 720], [2, 1], [0, 0, 1280, 720], [200, 200, 400, 400]],
    ["square pixels", [640, 720], undefined, [320, 0, 640, 720], [420, 200, 200, 400]],
    // The browser gave 1280x720 of it: it has stretched it by itself.
    ["a browser that stretches by itself", [1280, 720], [2, 1], [0, 0, 1280, 720], [200, 200, 400, 400]],
  ])("the picture has its true proportions: %s", (_what, [width, height], aspect, area, box) => {
    for (const mode of ["exact", "live"] as const) {
      begin(mode);
      live();
      map.add(message(rtpAt(33), [track()], { frame_size: [640, 720], ...(aspect && { pixel_aspect: aspect }) }), 30);
      present(33, { width, height });
      // In live mode the video beneath shows through, unless it would show it squeezed.
      const drawn = context.of("drawImage").map(({ args }) => args.slice(1));
      expect(drawn).toEqual(mode === "exact" || (aspect && width === 640) ? [area] : []);
      expect(boxes().at(-1)).toEqual(box);
    }
  });

  test("a box is dashed after one and a half detections without it", () => {
    live();
    map.add(message(rtpAt(33), [track({ state: "predicted", age_ms: 300 }), track({ track_id: 13, state: "predicted", age_ms: 301 })]), 30);
    present(33);
    expect(context.of("strokeRect").map(({ dash }) => dash.length > 0)).toEqual([false, false, true, true]);
  });
});

describe("live mode", () => {
  beforeEach(() => {
    begin("live");
    live();
    map.add(message(rtpAt(0)), 0);
  });

  test("draws boxes over the video, and no picture", () => {
    expect(present(100)).toMatchObject({ mode: "extrapolated", tracks: [{ bbox: [110, 200, 310, 600] }] });
    expect(pictures()).toBe(0);
    expect(boxes().at(-1)).toEqual([110, 200, 200, 400]);
  });

  test("draws the picture too while the canvas is seen alone", () => {
    presenter.setOpaque(true);
    present(100);
    expect(pictures()).toBe(1);
    presenter.setOpaque(false);
    present(133);
    expect(pictures()).toBe(0);
  });

  test("covers the video while it catches up, and uncovers it again", () => {
    present(2_000);
    expect(pictures()).toBe(0);
    expect(present(1_000, { presentedMs: 2_010 })).toBeNull();
    expect(presenter.counts.hidden).toBe(1);
    expect(pictures(), "the last picture stays, so that nobody sees the rewind beneath").toBe(1);
    present(2_033, { presentedMs: 2_050 });
    expect(pictures()).toBe(0);
  });

  test("changes into exact mode with the next frame", () => {
    presenter.setMode("exact");
    present(133);
    expect(pictures()).toBe(1);
  });
});

describe("another encoding in the middle of the video", () => {
  const CAMERA = [2688, 1520] as const;
  const OTHERS = [[956, 540], [636, 360], [318, 180], [1344, 760], [2688, 1520]] as const;
  const walker = track({ bbox: [1_001, 503, 1_207, 1_111] });
  const behind = track({ track_id: 13, bbox: [1_050, 560, 1_190, 1_000], source: "deepsort" });

  /** A frame of this size and what was drawn for it: trails, boxes, labels and the picture's place, without the picture itself. */
  function drawn(ms: number, [width, height]: readonly [number, number]): unknown[] {
    present(ms, { width, height });
    return context.calls.map(({ name, args, ...look }) => [name, name === "drawImage" ? args.slice(1) : args, look]);
  }

  /** Messages of the last two seconds, so that every trail is as long as trails get, and the first frame with them. */
  function send(): void {
    for (let ms = -1_980; ms <= 66; ms += 33) map.add(message(rtpAt(ms), [walker, behind], { frame_size: [...CAMERA] }), ms);
    presenter.setOptions({ boxes: true, labels: true, trails: true });
    present(0);
  }

  test.each(["contain", "cover", "fill", "none", "scale-down"].flatMap((fit) => OTHERS.map((other) => [fit, other] as const)))(
    "object-fit %s: the picture, its boxes, trails and labels stay where they are at %j",
    (fit, other) => {
      canvas.style.objectFit = fit;
      live();
      send();
      const [before, after] = [drawn(33, CAMERA), drawn(66, other)];
      expect(before.length).toBeGreaterThan(20);
      expect(after).toEqual(before);
    },
  );

  test.each([
    // What the video element shows lies where the camera's picture does only if it has the same shape to the pixel.
    { fit: "contain", size: [956, 540], covered: true },
    { fit: "contain", size: [1344, 760], covered: false },
    { fit: "none", size: [1344, 760], covered: true },
    { fit: "scale-down", size: [1344, 760], covered: true },
    { fit: "none", size: [2688, 1520], covered: false },
  ] as const)("live mode, object-fit $fit, $size: boxes stay, and the video is covered: $covered", ({ fit, size, covered }) => {
    canvas.style.objectFit = fit;
    begin("live");
    live();
    send();
    const before = (drawn(33, CAMERA), boxes());
    expect(pictures()).toBe(0);
    const after = (drawn(66, size), boxes());
    expect([after, pictures()]).toEqual([before, covered ? 1 : 0]);
  });

  test.each([
    ["as the camera stores them", [472, 540]],
    ["in square pixels", [630, 540]],
  ] as const)("pixels that are not square, %s", (_how, size) => {
    live();
    for (const ms of [0, 33, 66]) map.add(message(rtpAt(ms), [walker], { frame_size: [1_008, 1_152], pixel_aspect: [4, 3] }), ms);
    present(0, { width: 1_008, height: 1_152 });
    const before = drawn(33, [1_008, 1_152]);
    expect(drawn(66, size)).toEqual(before);
  });

  test("without messages it keeps the shape of the picture before", () => {
    begin("exact");
    presenter.gate.noteEdge(rtpAt(0), 0);
    const before = drawn(33, CAMERA);
    expect(drawn(66, [318, 180])).toEqual(before);
    expect(drawn(99, [720, 1_280]), "a camera that was turned has another").not.toEqual(before);
  });

  test("a message that does not know the size changes nothing", () => {
    live();
    send();
    const before = drawn(33, CAMERA);
    map.add(message(null, [], { frame_size: null }), 70);
    expect(drawn(66, [318, 180])).toEqual(before);
  });

  test("a part of the picture is cut out at the camera's pixels, also of a frame without tracks", () => {
    const thumb = document.createElement("canvas");
    [thumb.width, thumb.height] = [100, 100];
    const context = thumb.getContext("2d") as unknown as FakeContext;
    live();
    send();
    present(5_000, { width: 672, height: 380 });
    expect(presenter.crop([1_000, 400, 1_400, 800], thumb)).toBe(true);
    expect(context.of("drawImage").at(-1)?.args.slice(1)).toEqual([250, 100, 100, 100, 0, 0, 100, 100]);
  });
});

describe("before the first frame", () => {
  const poster = (): { picture: Picture; close: ReturnType<typeof vi.fn> } => {
    const close = vi.fn();
    return { picture: new Picture({ close } as unknown as ImageBitmap, 640, 360), close };
  };

  test("the snapshot is shown, and closed when a frame replaces it", () => {
    const { picture, close } = poster();
    presenter.poster(picture, rtpAt(0), 0);
    expect(pictures()).toBe(1);
    expect(present(-1_000, { presentedMs: 5 }), "what is older than the snapshot is not for the eye").toBeNull();
    expect(close).not.toHaveBeenCalled();
    expect(present(33)).not.toBeNull();
    expect(close).toHaveBeenCalledOnce();
  });

  test("a snapshot that comes after it is not shown", () => {
    live();
    context.forget();
    const { picture, close } = poster();
    presenter.poster(picture, rtpAt(500), 33);
    expect(pictures()).toBe(0);
    expect(close).toHaveBeenCalledOnce();
  });

  test("a snapshot without a timestamp is shown", () => {
    presenter.poster(poster().picture, null, 0);
    expect(pictures()).toBe(1);
    expect(presenter.gate.state).toBe("waiting");
  });
});

describe("frames without a name", () => {
  test("get about the boxes of their time", () => {
    // Came at 1000, 40 ms after its frame; shown at 1200 with a hold of 100: 140 ms after that frame.
    map.add(message(rtpAt(0), [track()], { frame_size: [1280, 720] }), 1_000);
    expect(present(1_200, { rtp: null, source: "walltime" }, 100)).toMatchObject({
      rtpTimestamp: null, mode: "extrapolated", tracksRtpTimestamp: rtpAt(0), tracks: [{ bbox: [114, 200, 314, 600] }],
    });
    expect(presenter.source).toBe("walltime");
    expect(skewMs(presenter.frame), "nobody knows how far they are apart").toBeNull();
  });

  test("are never called exact", () => {
    map.add(message(rtpAt(0)), 1_000);
    expect(present(1_060, { rtp: null, source: "walltime" }, 100)?.mode).toBe("interpolated");
  });

  test("get none without a message", () => {
    expect(present(0, { rtp: null, source: "walltime" })).toMatchObject({ mode: "none", tracks: [] });
  });
});

describe("pictures", () => {
  test("are held one at a time, and none after the end", () => {
    live();
    for (let ms = 33; ms < 1_000; ms += 33) present(ms);
    expect(FakeVideoFrame.open.size).toBe(1);
    presenter.stop();
    expect(FakeVideoFrame.open.size).toBe(0);
    expect(presenter.frame).toBeNull();
    expect(presenter.pictureSize).toBeNull();
    expect(presenter.gate.state).toBe("waiting");
  });

  test("are drawn again at another size, with their boxes", () => {
    live();
    map.add(message(rtpAt(33)), 30);
    presenter.start();
    present(33);
    context.forget();
    FakeResizeObserver.all.at(-1)?.resize(640, 360, [640, 360]);
    expect([pictures(), boxes().at(-1)]).toEqual([1, [50, 100, 100, 200]]);
  });

  test("are drawn again with other options, at once", () => {
    live();
    map.add(message(rtpAt(33)), 30);
    present(33);
    context.forget();
    presenter.setOptions({ ...ALL, boxes: false });
    expect([pictures(), boxes()]).toEqual([1, []]);
  });

  test("are drawn again in another view, at once", () => {
    live();
    context.forget();
    presenter.setView({ scale: 2, x: 0, y: 0 });
    expect(context.of("drawImage").at(-1)?.args.slice(1)).toEqual([0, 0, 2560, 1440]);
  });
});

test("tracks that the filter hides are not drawn, and not told of", () => {
  live();
  presenter.setFilter(filterOf("car", null));
  map.add(message(rtpAt(33), [track(), track({ track_id: 3, class: "car" })]), 30);
  expect(present(33)?.tracks.map(({ track_id }) => track_id)).toEqual([3]);
  expect(boxes()).toHaveLength(2);
});

test("a trail shows the last 1.5 s, where boxes and trails are wanted", () => {
  begin("exact");
  live();
  for (let ms = 0; ms <= 3_000; ms += 100) map.add(message(rtpAt(ms), [track({ bbox: [ms / 10, 0, 100 + ms / 10, 100] })]), ms);
  presenter.setOptions({ ...ALL, trails: true });
  present(3_000);
  const feet = context.of("lineTo").map(({ args }) => args[0]);
  expect([feet[0], feet.at(-1)]).toEqual([200, 350]);
});

test("words are written over the picture until there are none", () => {
  live();
  context.forget();
  presenter.write(["Camera offline."]);
  present(33);
  expect(context.of("fillText").map(({ args }) => args[0])).toEqual(["Camera offline."]);
  presenter.write([]);
  expect(context.of("drawImage")).toHaveLength(2);
  context.forget();
  presenter.write([]);
  expect(context.calls, "the same words again are no reason to draw").toEqual([]);
});

describe("a crop", () => {
  const target = (): [HTMLCanvasElement, FakeContext] => {
    const other = document.createElement("canvas");
    [other.width, other.height] = [100, 100];
    return [other, other.getContext("2d") as unknown as FakeContext];
  };

  test("is the part in the pixels of the track frame, as large as it fits, in the middle", () => {
    live();
    map.add(message(rtpAt(33), [track()], { frame_size: [640, 360] }), 30);
    present(33);
    const [other, drawn] = target();
    expect(presenter.crop([10, 20, 30, 60], other)).toBe(true);
    expect(drawn.of("drawImage")[0]?.args.slice(1)).toEqual([20, 40, 40, 80, 25, 0, 50, 100]);
  });

  test("ends at the edge of the picture", () => {
    live();
    const [other, drawn] = target();
    expect(presenter.crop([-50, 700, 20, 9_999], other)).toBe(true);
    expect(drawn.of("drawImage")[0]?.args.slice(1, 5)).toEqual([0, 700, 20, 20]);
  });

  test.each([
    { name: "outside the picture", bbox: [1_300, 0, 1_400, 100] },
    { name: "of no size", bbox: [10, 10, 10, 10] },
    { name: "of no numbers", bbox: [Number.NaN, 0, 1, 1] },
  ] as { name: string; bbox: [number, number, number, number] }[])("$name is none", ({ bbox }) => {
    live();
    const [other, drawn] = target();
    expect(presenter.crop(bbox, other)).toBe(false);
    expect(drawn.calls).toEqual([]);
  });

  test("without a picture is none", () => {
    expect(presenter.crop([0, 0, 100, 100], target()[0])).toBe(false);
  });
});
