// @vitest-environment happy-dom
// What is drawn of a scene, and how large the canvas is.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { devicePixels, Overlay, type DrawOptions, type Scene } from "./draw";
import { fakeCanvases, FakeResizeObserver, type Call, type FakeContext } from "./fakes/canvas";
import { track } from "./fakes/tracks";
import { Picture } from "./picture";

const ALL: DrawOptions = { boxes: true, labels: true, trails: true };
const PICTURE = new Picture({ name: "picture" } as unknown as ImageBitmap, 1280, 720);
const SCENE: Scene = { picture: PICTURE, size: [1280, 720], tracks: [track()], boxSize: [1280, 720], dashAfterMs: 300, trails: new Map(), lookedMs: 0 };

let canvas: HTMLCanvasElement;
let context: FakeContext;
let overlay: Overlay;
let resized: number;

beforeEach(() => {
  const contextOf = fakeCanvases();
  canvas = document.body.appendChild(document.createElement("canvas"));
  [canvas.width, canvas.height] = [640, 360];
  context = contextOf(canvas);
  resized = 0;
  overlay = new Overlay(canvas, () => resized++);
});

afterEach(() => {
  canvas.remove();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** What was drawn of the scene with these changes. */
function draw(changes: Partial<Scene> = {}, options: Partial<DrawOptions> = {}): FakeContext {
  context.forget();
  overlay.draw({ ...SCENE, ...changes }, { ...ALL, ...options });
  return context;
}
const texts = (drawn: FakeContext): unknown[] => drawn.of("fillText").map(({ args }) => args[0]);
const last = (calls: Call[]): Call => {
  const call = calls.at(-1);
  if (!call) throw new Error("nothing of the kind was drawn");
  return call;
};

describe("the picture", () => {
  test("is opaque and fills the canvas", () => {
    const drawn = draw();
    expect(drawn.calls[0]).toMatchObject({ name: "fillRect", args: [0, 0, 640, 360], fill: "#000" });
    expect(last(drawn.of("drawImage")).args).toEqual([PICTURE.image, 0, 0, 640, 360]);
    expect(drawn.of("clearRect")).toEqual([]);
  });

  test("of another shape lies in the middle", () => {
    expect(last(draw({ size: [720, 720] }).of("drawImage")).args).toEqual([PICTURE.image, 140, 0, 360, 360]);
  });

  test.each([
    { fit: "cover", area: [0, -140, 640, 640] },
    { fit: "fill", area: [0, 0, 640, 360] },
    { fit: "nonsense", area: [140, 0, 360, 360] },
  ])("obeys the style's object-fit: $fit", ({ fit, area }) => {
    vi.spyOn(window, "getComputedStyle").mockReturnValue({ objectFit: fit } as CSSStyleDeclaration);
    overlay = new Overlay(canvas, () => undefined);
    expect(last(draw({ size: [720, 720] }).of("drawImage")).args).toEqual([PICTURE.image, ...area]);
  });

  test("of live mode is the video beneath: the canvas is transparent", () => {
    const drawn = draw({ picture: null });
    expect(drawn.calls[0]).toMatchObject({ name: "clearRect", args: [0, 0, 640, 360] });
    expect(drawn.of("drawImage")).toEqual([]);
    expect(drawn.of("strokeRect")).not.toEqual([]);
  });

  test("magnified is drawn larger, with its boxes", () => {
    overlay.setView({ scale: 2, x: -0.5, y: 0 });
    const drawn = draw();
    expect(last(drawn.of("drawImage")).args).toEqual([PICTURE.image, -320, 0, 1280, 720]);
    expect(last(drawn.of("strokeRect")).args).toEqual([100 - 320, 200, 200, 400]);
  });
});

describe("a box", () => {
  test("lies where its track is, in pixels of the canvas, on a halo", () => {
    const boxes = draw().of("strokeRect");
    expect(boxes.map(({ args }) => args)).toEqual([[50, 100, 100, 200], [50, 100, 100, 200]]);
    expect(boxes.map(({ stroke }) => stroke)).toEqual(["rgba(0, 0, 0, 0.55)", "#00ff00"]);
    expect(boxes[0]?.lineWidth).toBeGreaterThan(boxes[1]?.lineWidth ?? Infinity);
  });

  test("refers to the size of its track frame", () => {
    expect(last(draw({ boxSize: [640, 360] }).of("strokeRect")).args).toEqual([100, 200, 200, 400]);
  });

  test("of DeepSORT is cyan, with bold corners", () => {
    const drawn = draw({ tracks: [track({ source: "deepsort" })] }, { labels: false });
    expect(last(drawn.of("strokeRect")).stroke).toBe("#00ffff");
    expect(drawn.of("moveTo")).toHaveLength(4);
    expect(draw({}, { labels: false }).of("moveTo")).toHaveLength(0);
    const missed = draw({ tracks: [track({ source: "deepsort", state: "predicted", age_ms: 9_000 })] }, { labels: false });
    expect([last(missed.of("strokeRect")).dash.length > 0, last(missed.of("stroke")).dash], "a dashed box has whole corners").toEqual([true, []]);
  });

  test.each([
    { name: "matched", changes: {}, dashed: false },
    { name: "predicted between two detections", changes: { state: "predicted", age_ms: 300 } as const, dashed: false },
    { name: "missed by the detector", changes: { state: "predicted", age_ms: 301 } as const, dashed: true },
  ])("$name is dashed: $dashed", ({ changes, dashed }) => {
    expect(last(draw({ tracks: [track(changes)] }).of("strokeRect")).dash.length > 0).toBe(dashed);
  });

  test("stays inside the picture", () => {
    const drawn = draw({ size: [720, 720] });
    expect(last(drawn.of("rect")).args).toEqual([140, 0, 360, 360]);
    const names = drawn.calls.map(({ name }) => name);
    expect(names.indexOf("clip")).toBeLessThan(names.indexOf("strokeRect"));
    expect(names.at(-1), "and the next picture is not clipped").toBe("restore");
  });

  test("is left out with boxes off, and its label and trail with it", () => {
    const drawn = draw({ trails: new Map([[12, [[0, 0], [9, 9]]]]) }, { boxes: false });
    expect(drawn.of("strokeRect", "fillText", "lineTo")).toEqual([]);
    expect(drawn.of("drawImage")).toHaveLength(1);
  });
});

describe("a label", () => {
  test("says class, id and confidence, in the colour of the box", () => {
    const drawn = draw();
    expect(texts(drawn)).toEqual(["person #12 0.93"]);
    expect(last(drawn.of("fillText")).fill).toBe("#00ff00");
  });

  test("is short in a small picture", () => {
    [canvas.width, canvas.height] = [500, 281];
    expect(texts(draw())).toEqual(["person #12"]);
  });

  test("is left out in a small picture for what is hardly taller than it", () => {
    [canvas.width, canvas.height] = [320, 180];
    expect(texts(draw({ tracks: [track({ bbox: [100, 200, 300, 280] })] }))).toEqual([]);
  });

  test("is left out where labels are off", () => {
    expect(texts(draw({}, { labels: false }))).toEqual([]);
  });

  test("of the larger object comes first where two are in each other's way", () => {
    const small = track({ track_id: 1, bbox: [100, 200, 200, 300] });
    const large = track({ track_id: 2, bbox: [100, 200, 500, 700] });
    expect(texts(draw({ tracks: [small, large] }))[0]).toBe("person #2 0.93");
  });

  test("stays out of the corner that is reserved", () => {
    const corner = track({ bbox: [700, 640, 1280, 720] });
    const ground = (): number[] => last(draw({ tracks: [corner] }).of("fillRect")).args as number[];
    const [x = 0, y = 0, width = 0, height = 0] = ground();
    expect([x, y + height], "above its box, where nothing is in its way").toEqual([350, 320]);
    overlay.reserve(280, 60);
    expect(x + width > 360 && y + height > 300, "which is in that corner").toBe(true);
    const [left = 0, top = 0, across = 0, down = 0] = ground();
    expect([across, down], "the label is still drawn").toEqual([width, height]);
    expect(left + across <= 360 || top + down <= 300, `at ${left}, ${top}`).toBe(true);
  });
});

describe("a trail", () => {
  test("is a line through the feet, in the colour of its box", () => {
    const drawn = draw({ trails: new Map([[12, [[200, 600], [220, 600], [240, 620]]]]) });
    expect(drawn.of("lineTo").map(({ args }) => args)).toEqual([[100, 300], [110, 300], [120, 310]]);
    expect(last(drawn.of("stroke")).stroke).toBe("#00ff00");
    expect(context.globalAlpha, "and nothing else is faint").toBe(1);
  });

  test.each([
    { name: "of a single place", trails: [[12, [[200, 600]]]], options: {} },
    { name: "of a track that is not drawn", trails: [[13, [[200, 600], [220, 600]]]], options: {} },
    { name: "that is turned off", trails: [[12, [[200, 600], [220, 600]]]], options: { trails: false } },
  ] as { name: string; trails: [number, [number, number][]][]; options: Partial<DrawOptions> }[])("$name is none", ({ trails, options }) => {
    expect(draw({ trails: new Map(trails) }, options).of("lineTo")).toEqual([]);
  });
});

test("what boxes cost is counted with what it took to find them", () => {
  expect(overlay.costMs).toBeNull();
  draw({ lookedMs: 7 });
  expect(overlay.costMs?.p50).toBeGreaterThanOrEqual(7);
  const { costMs } = overlay;
  draw({ lookedMs: 1_000 }, { boxes: false });
  expect(overlay.costMs, "a picture without boxes costs none").toEqual(costMs);
});

test("words stand in the middle, over a darkened picture", () => {
  overlay.write(["Camera offline.", "No route."]);
  expect(context.of("fillRect").at(-1)?.args).toEqual([0, 0, 640, 360]);
  const lines = context.of("fillText");
  expect(lines.map(({ args }) => args.slice(0, 2))).toEqual([["Camera offline.", 320], ["No route.", 320]]);
  const heights = lines.map(({ args }) => Number(args[2]));
  expect((heights[0] ?? 0) + (heights[1] ?? 0)).toBe(360);
  expect(context.textAlign, "as labels want it").toBe("start");
});

describe("the size", () => {
  const observer = (): FakeResizeObserver => {
    const found = FakeResizeObserver.all.at(-1);
    if (!found) throw new Error("nothing is observed");
    return found;
  };

  test("is the element's in device pixels", () => {
    overlay.start();
    expect(observer().observed).toEqual([{ element: canvas, options: { box: "device-pixel-content-box" } }]);
    observer().resize(800, 450, [801, 451]);
    expect([canvas.width, canvas.height, resized]).toEqual([801, 451, 1]);
    observer().resize(800, 450, [801, 451]);
    expect(resized, "the same size empties no canvas").toBe(1);
  });

  test("is rounded from CSS pixels where the browser counts none, and on another screen anew", () => {
    FakeResizeObserver.countsDevicePixels = false;
    const changes: (() => void)[] = [];
    const signals: (AbortSignal | undefined)[] = [];
    const media = vi.fn(() => ({
      addEventListener: (_type: string, listener: () => void, { signal }: AddEventListenerOptions) => {
        changes.push(listener);
        signals.push(signal);
      },
    }));
    vi.stubGlobal("matchMedia", media);
    overlay.start();
    expect(observer().observed).toEqual([{ element: canvas, options: undefined }]);
    expect(media).toHaveBeenLastCalledWith("(resolution: 1dppx)");
    observer().resize(800.4, 450);
    expect([canvas.width, canvas.height]).toEqual([800, 450]);

    vi.stubGlobal("devicePixelRatio", 2);
    changes[0]?.();
    expect(media).toHaveBeenLastCalledWith("(resolution: 2dppx)");
    observer().resize(800.4, 450);
    expect([canvas.width, canvas.height]).toEqual([1601, 900]);

    overlay.stop();
    expect(observer().observed).toEqual([]);
    expect(signals.map((signal) => signal?.aborted)).toEqual([true, true]);
  });

  test.each([
    { counted: 801, computed: 800, pixels: 801, why: "the browser's own count, within rounding" },
    { counted: undefined, computed: 800.4, pixels: 800, why: "no count" },
    { counted: 800, computed: 1600, pixels: 1600, why: "an emulated ratio, of which the count knows nothing" },
  ])("$why", ({ counted, computed, pixels }) => {
    expect(devicePixels(counted, computed)).toBe(pixels);
  });
});

test("a browser without a canvas is told of", () => {
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(null);
  expect(() => new Overlay(canvas, () => undefined)).toThrow("this browser draws on no canvas");
});
