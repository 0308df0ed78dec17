// @vitest-environment happy-dom
// One player from start to stop: what it asks for, what it draws, and what it says of itself.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { rtpAddMs } from "./clock/rtp";
import { setUp, tearDown, type FakeBrowser } from "./fakes/browser";
import { FakeResizeObserver } from "./fakes/canvas";
import { FakePeer } from "./fakes/peer";
import { session } from "./fakes/session";
import { FakeSocket } from "./fakes/socket";
import { message, track } from "./fakes/tracks";
import { FakeVideoFrame, isWatched, present } from "./fakes/video";
import { ALL_TRACKS, filterOf } from "./filter";
import { Player, type PlayerConfig } from "./player";
import type { DrawnFrame } from "./presenter";
import type { PlayerState } from "./state";

const CONFIG: PlayerConfig = {
  origin: { base: "http://razz", token: null }, camera: 7, mode: "exact", holdLimitMs: 400,
  options: { boxes: true, labels: true, trails: true }, filter: ALL_TRACKS, quality: "auto",
};
const OFFER = /^POST .*\/whep\/7(\?|$)/;
const STATUS = /\/api\/cameras\/7\/status$/;
const SESSION = /^GET .*\/whep\/7\/abc$/;
const STATS = /\/api\/stats$/;
const RTP = 1_000_000;

let browser: FakeBrowser;
let video: HTMLVideoElement;
let canvas: HTMLCanvasElement;
let player: Player;
let frames: DrawnFrame[];
let states: PlayerState[];

function make(changes: Partial<PlayerConfig> = {}): void {
  player = new Player({ ...CONFIG, ...changes }, { video, canvas, onFrame: (frame) => frames.push(frame), onState: (state) => states.push(state) });
}

beforeEach(() => {
  browser = setUp();
  browser.server.on(/snapshot/, (request) => void request.answer(404));
  video = document.body.appendChild(document.createElement("video"));
  canvas = document.body.appendChild(document.createElement("canvas"));
  [canvas.width, canvas.height] = [1280, 720];
  [frames, states] = [[], []];
  make();
});

afterEach(() => {
  player.stop();
  video.remove();
  canvas.remove();
  tearDown();
});

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

/** The connection stands, and so does the feed. */
async function connect(): Promise<void> {
  player.start();
  await pass(0);
  await browser.server.last(OFFER).answer(201, "v=0", { Location: "/whep/7/abc" });
  FakePeer.last.become("connected");
  FakeSocket.last.accept();
}

/** The RTP timestamp of the frame that belongs to this moment. */
const rtpNow = (): number => rtpAddMs(RTP, performance.now());

/** The message of this moment's frame comes, and then the frame itself, `heldMs` after its last packet. */
function frame({ heldMs = 400, tracks = [track()], told = true } = {}): void {
  if (told) FakeSocket.last.receive(message(rtpNow(), tracks));
  FakeVideoFrame.rtp = rtpNow();
  present(video, { rtpTimestamp: rtpNow(), receiveTime: performance.now() - heldMs });
}

/** Frames and their messages for so long, 20 a second. */
async function play(ms: number, options: Parameters<typeof frame>[0] = {}): Promise<void> {
  for (let passed = 0; passed < ms; passed += 50) {
    frame(options);
    await pass(50);
  }
}

describe("the straight path", () => {
  test("asks for video, tracks and the snapshot, and shows each frame with its own boxes", async () => {
    await connect();
    expect(browser.server.to(OFFER)).toHaveLength(1);
    expect(browser.server.to(/snapshot\.jpg$/)).toHaveLength(1);
    expect(FakeSocket.last.url).toBe("ws://razz/ws/tracking/7?every_frame=1");
    expect(video.srcObject).not.toBeNull();
    expect(browser.plays()).toBe(1);
    await play(2_000);
    expect(frames).toHaveLength(40);
    expect(frames.at(-1)).toMatchObject({ mode: "exact", tracks: [{ track_id: 12 }] });
    expect(player.frame).toBe(frames.at(-1));
    expect(player.state).toMatchObject({
      mode: "exact", video: "playing", videoWords: "playing", feed: "open", frameSource: "videoframe", gate: "live", frameMode: "exact", skewMs: 0,
      counts: { exact: 40, hidden: 0 }, noBoxes: [], noPicture: [], playoutMs: 400, fps: 20, pictureSize: [1280, 720], detectionMs: { p50: 40, p95: 40 },
    });
    expect([...player.classes]).toEqual(["person"]);
  });

  test("starts once", async () => {
    await connect();
    player.start();
    await pass(0);
    expect([browser.server.to(OFFER).length, FakeSocket.all.length, FakePeer.all.length]).toEqual([1, 1, 1]);
  });

  test("tells its state at once and then when it changed, four times a second at most", async () => {
    // In live mode nothing is held, so that nothing changes by itself.
    make({ mode: "live" });
    player.start();
    expect(states.map(({ video: kind }) => kind)).toEqual(["connecting"]);
    await pass(0);
    await browser.server.last(OFFER).answer(201, "v=0", { Location: "/whep/7/abc" });
    FakePeer.last.become("connected");
    expect(states.map(({ video: kind }) => kind)).toEqual(["connecting", "playing"]);
    await pass(1_000);
    expect(states, "nothing else happened").toHaveLength(2);
    FakeSocket.last.accept();
    await pass(500);
    expect(states.map(({ feed }) => feed)).toEqual(["stopped", "connecting", "open"]);
    await play(1_000);
    expect(states.length).toBeGreaterThan(5);
    expect(states.length).toBeLessThanOrEqual(3 + 4);
  });

  test("the jitter buffer is told the longest hold first, and nothing in live mode", async () => {
    await connect();
    expect(FakePeer.last.receiver.jitterBufferTarget).toBe(400);
    expect(player.state).toMatchObject({ holdMs: 150, holdLimitMs: 400, jitterBufferTargetMs: 400 });
    player.setMode("live");
    expect(FakePeer.last.receiver.jitterBufferTarget).toBe(0);
    expect(player.state).toMatchObject({ mode: "live", holdMs: 0, jitterBufferTargetMs: 0 });
    expect(states.at(-1)?.mode, "and says so at once").toBe("live");
    player.setMode("exact");
    player.setHoldLimit(60);
    await pass(250);
    expect(FakePeer.last.receiver.jitterBufferTarget).toBe(60);
    expect(player.state).toMatchObject({ holdMs: 60, holdLimitMs: 60 });
  });

  test("filter, options and view reach the canvas", async () => {
    await connect();
    player.setFilter(filterOf("car", null));
    await play(100);
    expect(frames.at(-1)?.tracks).toEqual([]);
    player.setFilter(ALL_TRACKS);
    const context = browser.contextOf(canvas);
    player.look({ scale: 2, x: 0, y: 0 });
    context.forget();
    await play(50);
    expect(context.of("drawImage").at(-1)?.args.slice(1)).toEqual([0, 0, 2560, 1440]);
    player.setOptions({ boxes: false, labels: false, trails: false });
    context.forget();
    await play(50);
    expect(context.of("strokeRect")).toEqual([]);
  });
});

describe("a frame that comes before its tracks", () => {
  beforeEach(async () => {
    await connect();
    await play(500);
    frames.length = 0;
  });

  test("waits for them a little", async () => {
    frame({ told: false, heldMs: 300 });
    expect(frames).toEqual([]);
    FakeSocket.last.receive(message(rtpNow()));
    await pass(17);
    expect(frames).toMatchObject([{ mode: "exact" }]);
  });

  test("is drawn without them when they do not come", async () => {
    frame({ told: false, heldMs: 300 });
    await pass(34);
    expect(frames).toEqual([]);
    await pass(34);
    expect(frames).toMatchObject([{ mode: "extrapolated" }]);
    expect(FakeVideoFrame.open.size, "and nothing of it is kept but the picture on the screen").toBe(1);
  });

  test("and was held too short by the browser is kept for what is missing", async () => {
    frame({ heldMs: 50 });
    expect(frames, "the hold is 150 ms").toEqual([]);
    await pass(96);
    expect(frames).toEqual([]);
    await pass(20);
    expect(frames).toMatchObject([{ mode: "exact" }]);
  });

  test("in live mode is drawn at once", () => {
    player.setMode("live");
    frame({ told: false, heldMs: 0 });
    expect(frames).toHaveLength(1);
  });

  test("is forgotten with its session", async () => {
    FakePeer.last.become("failed");
    await pass(200);
    frame({ heldMs: 50 });
    expect(FakeVideoFrame.open.size).toBe(2);
    await pass(50);
    expect(browser.server.to(OFFER)).toHaveLength(2);
    expect(FakeVideoFrame.open.size, "the picture on the screen stays").toBe(1);
    await pass(500);
    expect(frames).toEqual([]);
  });

  test("is forgotten at the end", async () => {
    frame({ heldMs: 50 });
    player.stop();
    await pass(0);
    expect([FakeVideoFrame.open.size, vi.getTimerCount(), frames.length]).toEqual([0, 0, 0]);
  });
});

describe("no picture", () => {
  const words = (): string[] => player.state.noPicture;

  test("is said after two seconds, and the server is asked why", async () => {
    await connect();
    await pass(1_750);
    expect([words(), browser.server.to(STATUS).length]).toEqual([[], 0]);
    await pass(250);
    expect(words()).toEqual(["Waiting for the picture…"]);
    expect(states.at(-1)?.noPicture).toEqual(words());
    await browser.server.last(STATUS).answer(200, { state: "offline", since: 0, last_error: "no route", advice: [], fps: { received: 0 } });
    expect(words()).toEqual([expect.stringMatching(/^Camera offline since /), "No route."]);
    await pass(2_000);
    expect(browser.server.to(STATUS), "again after two seconds").toHaveLength(2);
    await play(100);
    expect(words()).toEqual([]);
    expect(browser.server.last(STATUS).aborted, "the question is taken back").toBe(true);
    await play(4_000);
    expect(browser.server.to(STATUS)).toHaveLength(2);
  });

  test("because a key frame is waited for", async () => {
    await connect();
    await pass(2_000);
    await browser.server.last(STATUS).answer(200, { state: "online", since: 0, last_error: null, advice: [], fps: { received: 25 } });
    await browser.server.last(SESSION).answer(200, { waiting: true });
    expect(words()[0]).toBe("Waiting for the camera's next key frame.");
    await pass(1_000);
    expect(browser.server.to(SESSION), "asked every second").toHaveLength(2);
  });

  test("because the server is away, with the seconds until the next try", async () => {
    player.start();
    await pass(0);
    await browser.server.last(OFFER).fail();
    expect(player.state.videoWords).toBe("retrying in 1 s: the server does not answer");
    await pass(2_000);
    await browser.server.last(STATUS).fail();
    expect(words()[0]).toBe("The server does not answer.");
  });

  test("though the camera is online: after six seconds another session", async () => {
    await connect();
    await pass(2_000);
    browser.server.on(STATUS, (request) => void request.answer(200, { state: "online", since: 0, last_error: null, advice: [], fps: { received: 25 } }));
    await browser.server.last(STATUS).answer(200, { state: "online", since: 0, last_error: null, advice: [], fps: { received: 25 } });
    await pass(6_000);
    expect(browser.server.to(OFFER)).toHaveLength(1);
    await pass(250);
    expect(player.state.videoWords).toMatch(/its video stopped coming/);
    await pass(500);
    expect(browser.server.to(OFFER)).toHaveLength(2);
  });

  test("of a camera that sends nothing is no fault of the session", async () => {
    await connect();
    browser.server.on(STATUS, (request) => void request.answer(200, { state: "online", since: 0, last_error: null, advice: [], fps: { received: 0 } }));
    await pass(20_000);
    expect(browser.server.to(OFFER)).toHaveLength(1);
  });

  test("in a floating window stands on the canvas", async () => {
    await connect();
    player.setOpaque(true);
    await pass(2_000);
    expect(browser.contextOf(canvas).of("fillText").at(-1)?.args[0]).toBe("Waiting for the picture…");
  });
});

describe("no boxes", () => {
  test("because the WebSocket does not get through", async () => {
    await connect();
    await play(500);
    FakeSocket.last.cut();
    await play(3_000, { told: false });
    expect(player.state.noBoxes).toEqual([]);
    await play(500, { told: false });
    expect(player.state.noBoxes[0]).toMatch(/^No boxes: the WebSocket does not get through/);
    FakeSocket.last.accept();
    await play(500);
    expect(player.state.noBoxes).toEqual([]);
    expect(browser.server.to(OFFER), "the video was left alone").toHaveLength(1);
  });

  test("because the model is still loading", async () => {
    await connect();
    for (let passed = 0; passed < 2_500; passed += 50) {
      FakeSocket.last.receive(message(rtpNow(), [], { stats: { fps: 0, active_tracks: 0, frame_count: 0, latency_ms: 0, skipped: 0 } }));
      frame({ told: false });
      await pass(50);
    }
    await browser.server.last(STATS).answer(200, { model: "yolo11n", model_state: "loading", cameras: { "7": { fps: { wanted: 6, decoded: 25 }, advice: [] } } });
    expect(player.state.noBoxes).toEqual(["The model yolo11n is loading; boxes come when it is ready."]);
    await play(500);
    expect(player.state.noBoxes).toEqual([]);
  });

  test("where nobody is, is nothing to speak of: the model is not asked after", async () => {
    await connect();
    await play(5_000, { tracks: [] });
    expect(browser.server.to(STATS)).toEqual([]);
  });
});

describe("the server was restarted", () => {
  test("frames stopped before the feed came back: a new session at once", async () => {
    await connect();
    await play(500);
    FakeSocket.last.cut();
    await pass(1_500);
    FakeSocket.last.accept();
    expect(player.state.video).toBe("retrying");
    await pass(250);
    expect(browser.server.to(OFFER)).toHaveLength(2);
  });

  test("the video waits to try again: it does when the feed is back", async () => {
    await connect();
    await play(500);
    for (let failures = 0; failures < 4; failures++) {
      FakePeer.last.become("failed");
      while (player.state.video === "retrying") await pass(50);
      await pass(0);
      await browser.server.last(OFFER).fail();
    }
    expect(player.state.video).toBe("retrying");
    const before = browser.server.to(OFFER).length;
    FakeSocket.last.cut();
    await pass(150);
    expect(player.state.video).toBe("retrying");
    FakeSocket.last.accept();
    await pass(0);
    expect(browser.server.to(OFFER)).toHaveLength(before + 1);
  });

  test("a feed that was only away for a moment changes nothing", async () => {
    await connect();
    await play(500);
    FakeSocket.last.cut();
    await play(500, { told: false });
    FakeSocket.last.accept();
    await play(5_000);
    expect(browser.server.to(OFFER)).toHaveLength(1);
  });
});

describe("a session begins", () => {
  test("on a loaded page only: else the browser's tab would spin for ever", async () => {
    const ready = vi.spyOn(document, "readyState", "get").mockReturnValue("interactive");
    player.start();
    await pass(0);
    expect(video.srcObject).toBeNull();
    ready.mockReturnValue("complete");
    window.dispatchEvent(new Event("load"));
    expect(video.srcObject).not.toBeNull();
  });

  test("with the snapshot, until a frame comes", async () => {
    const close = vi.fn();
    vi.stubGlobal("createImageBitmap", () => Promise.resolve({ width: 640, height: 360, close }));
    browser.server.on(/snapshot/, (request) => void request.answer(200, "jpeg", { "X-Rtp-Timestamp": String(RTP) }));
    await connect();
    expect(player.state.pictureSize).toEqual([640, 360]);
    await play(100);
    expect(close).toHaveBeenCalledOnce();
    expect(player.state.pictureSize).toEqual([1280, 720]);
  });

  test("anew: the last picture stays while the stream catches up", async () => {
    await connect();
    await play(500);
    FakePeer.last.become("failed");
    await pass(250);
    await browser.server.last(OFFER).answer(201, "v=0", { Location: "/whep/7/def" });
    FakePeer.last.become("connected");
    expect(player.state).toMatchObject({ gate: "waiting", pictureSize: [1280, 720] });
    const drawn = frames.length;
    FakeVideoFrame.rtp = rtpAddMs(rtpNow(), -2_000);
    present(video, { rtpTimestamp: FakeVideoFrame.rtp });
    expect(frames).toHaveLength(drawn);
    expect(player.state).toMatchObject({ gate: "catching", counts: { hidden: 1 } });
    frame();
    expect(frames).toHaveLength(drawn + 1);
  });
});

describe("another session", () => {
  test("in live mode begins with the last picture over the video: nobody sees a rewind beneath", async () => {
    make({ mode: "live" });
    await connect();
    await play(500);
    const context = browser.contextOf(canvas);
    expect(context.of("drawImage")).toEqual([]);
    FakePeer.last.become("failed");
    await pass(250);
    expect(context.of("drawImage")).toHaveLength(1);
  });

  test("has a jitter buffer of its own, which learns from the longest hold on", async () => {
    await connect();
    await play(4_000);
    expect(FakePeer.last.receiver.jitterBufferTarget).toBeLessThan(350);
    FakePeer.last.become("failed");
    await pass(250);
    expect(FakePeer.last.receiver.jitterBufferTarget).toBe(400);
  });
});

describe("the encoding that is sent", () => {
  const PATCH = /^PATCH .*\/whep\/7\/abc$/;
  const SMALL = [640, 360] as const;
  const bodies = (): unknown[] => browser.server.to(PATCH).map(({ body }) => JSON.parse(body as string) as unknown);
  let report: ReturnType<typeof session>;

  beforeEach(() => {
    report = session();
    browser.server.on(SESSION, (request) => void request.answer(200, report));
  });

  test("is that of each frame, from the first of another size on; and why is said as soon as the server says it", async () => {
    await connect();
    await play(500);
    expect([frames.at(-1)?.rendition, player.state.rendition, player.state.renditionWhy, player.state.renditionWords]).toEqual(["camera", "camera", null, "camera"]);
    const asked = browser.server.to(SESSION).length;
    expect(asked).toBe(1);
    FakeVideoFrame.size = SMALL;
    report = session({ rendition: "360p", why: "path", estimate_kbps: 704, switches: 1 });
    const before = frames.length;
    frame();
    expect(frames.slice(before).map(({ rendition }) => rendition)).toEqual(["360p"]);
    expect(player.state, "what was said of the camera's stream says nothing of it").toMatchObject({ renditionWhy: null, renditionWords: "360p" });
    await pass(50);
    expect(browser.server.to(SESSION)).toHaveLength(asked + 1);
    expect(player.state).toMatchObject({ rendition: "360p", renditionWhy: "path", renditionWords: "360p: the path carries 0.7 Mbit/s", pictureSize: SMALL });
    await play(2_500);
    expect(browser.server.to(SESSION)).toHaveLength(asked + 2);
    expect(player.state.counts.none, "no frame was without its boxes").toBe(0);
  });

  test("where two have one size, is the one that the server says it sends", async () => {
    FakeVideoFrame.size = [320, 180];
    report = session({ rendition: "stills", why: "path" });
    await connect();
    await play(500);
    expect(frames.at(-1)?.rendition).toBe("stills");
  });

  test("is asked for by what the picture fills on the screen, magnified or not", async () => {
    await connect();
    FakeResizeObserver.all.at(-1)?.resize(640, 360, [640, 360]);
    await play(1_000);
    expect(bodies()).toEqual([{ quality: "auto", width: 640, height: 360 }]);
    await browser.server.last(PATCH).answer(200, report);
    player.look({ scale: 2, x: 0, y: 0 });
    await play(1_000);
    expect(bodies().at(-1)).toEqual({ quality: "auto", width: 1_280, height: 720 });
    await browser.server.last(PATCH).answer(200, report);
    FakeResizeObserver.all.at(-1)?.resize(0, 0, [0, 0]);
    await play(1_000);
    expect(bodies(), "of a player that is not laid out nothing is known").toHaveLength(2);
  });

  test("goes by the element's size before there is a picture", async () => {
    vi.spyOn(canvas, "clientWidth", "get").mockReturnValue(320);
    vi.spyOn(canvas, "clientHeight", "get").mockReturnValue(180);
    make({ quality: "540p" });
    await connect();
    expect(browser.server.last(OFFER).url).toBe("http://razz/whep/7?quality=540p&width=320&height=180");
  });

  test("follows the viewer's choice on the connection that there is", async () => {
    await connect();
    player.setQuality("saver");
    await pass(0);
    expect(bodies()).toEqual([{ quality: "saver" }]);
    await browser.server.last(PATCH).answer(200, session({ rendition: "180p", why: "choice", quality: "saver" }));
    FakeVideoFrame.size = [320, 180];
    report = session({ rendition: "180p", why: "choice", quality: "saver" });
    await play(300);
    expect([player.state.renditionWords, browser.server.to(OFFER).length]).toEqual(["180p: your choice", 1]);
  });

  test("names what of the camera's this browser cannot play", async () => {
    browser.server.on(STATUS, (request) => void request.answer(200, { codec: "H265", b_frames: false }));
    const renditions = [{ name: "full", width: 1_280, height: 720, kbps: 2_000 }];
    report = session({ rendition: "full", why: "format", renditions });
    await connect();
    await play(500);
    expect([player.state.renditionWords, frames.at(-1)?.rendition]).toEqual(["full: this browser cannot play the camera's H.265", "full"]);
    expect(browser.server.to(STATUS)).toHaveLength(1);
  });

  test("is the camera's of a server that has no other", async () => {
    FakeVideoFrame.size = SMALL;
    browser.server.on(SESSION, (request) => void request.answer(200, { waiting: false, waits: 0, replays: 1, keyframe_requests: 0 }));
    await connect();
    await play(500, { told: false });
    expect([frames.at(-1)?.rendition, player.state.renditionWords, player.renditions]).toEqual(["camera", "camera", []]);
  });
});

describe("a page that nobody sees", () => {
  test("has no silence: nothing is asked, told or given up", async () => {
    await connect();
    // With the size of its picture, which the server is told when it has stayed for a moment.
    await play(1_000);
    browser.hide(true);
    const [told, asked] = [states.length, browser.server.requests.length];
    await pass(60_000);
    expect([states.length, browser.server.requests.length]).toEqual([told, asked]);
    browser.hide(false);
    player.wake();
    await pass(250);
    expect(player.state.noPicture).toEqual([]);
    expect(browser.server.to(OFFER)).toHaveLength(1);
  });

  test("lets go of the frames that wait", async () => {
    await connect();
    await play(500);
    // A hidden page is not repainted.
    vi.stubGlobal("requestAnimationFrame", () => 1);
    frame({ heldMs: 0 });
    expect(FakeVideoFrame.open.size).toBe(2);
    browser.hide(true);
    await pass(250);
    expect(FakeVideoFrame.open.size).toBe(1);
  });

  test("and comes back: what waits to try again does it now", async () => {
    player.start();
    await pass(0);
    await browser.server.last(OFFER).fail();
    FakeSocket.last.cut();
    player.wake();
    await pass(0);
    expect([browser.server.to(OFFER).length, FakeSocket.all.length]).toEqual([2, 2]);
  });

  test("but has a floating window: frames are read from the track", async () => {
    const unseen: { read: (frame: FakeVideoFrame) => void; cancelled: boolean } = { read: () => undefined, cancelled: false };
    vi.stubGlobal("MediaStreamTrackProcessor", class {
      readonly readable = {
        getReader: () => ({
          read: () => new Promise((resolve) => (unseen.read = (value) => { resolve({ done: false, value }); })),
          cancel: () => {
            unseen.cancelled = true;
            return Promise.resolve();
          },
        }),
      };
    });
    await connect();
    await play(500);
    player.setOpaque(true);
    expect(player.state.pictureInPicture).toBe(true);
    browser.hide(true);
    await pass(250);
    const drawn = frames.length;
    FakeSocket.last.receive(message(rtpNow()));
    unseen.read(new FakeVideoFrame(null, rtpNow()));
    await pass(0);
    expect(frames).toHaveLength(drawn + 1);
    expect(FakeVideoFrame.open.size).toBe(1);
    browser.hide(false);
    await pass(250);
    expect(unseen.cancelled, "the browser presents frames again").toBe(true);
    unseen.cancelled = false;
    browser.hide(true);
    await pass(250);
    player.stop();
    expect(unseen.cancelled, "nothing is read after the end").toBe(true);
  });
});

describe("the end", () => {
  test("leaves nothing behind", async () => {
    await connect();
    await play(500);
    await pass(2_500);
    expect(browser.server.to(STATUS)).toHaveLength(1);
    player.stop();
    await pass(0);
    expect(browser.server.last(STATUS).aborted).toBe(true);
    expect(browser.server.to(/^DELETE /)).toHaveLength(1);
    expect(FakeSocket.last.readyState).toBe(FakeSocket.CLOSED);
    expect(isWatched(video)).toBe(false);
    expect(video.srcObject).toBeNull();
    expect(FakeVideoFrame.open.size).toBe(0);
    expect(player.frame).toBeNull();
    const [told, asked] = [states.length, browser.server.requests.length];
    await pass(60_000);
    expect(vi.getTimerCount(), "no timer runs on").toBe(0);
    expect([states.length, browser.server.requests.length]).toEqual([told, asked]);
  });

  test("takes back what was asked at the beginning", async () => {
    browser.server.on(/snapshot/, () => undefined);
    vi.spyOn(document, "readyState", "get").mockReturnValue("interactive");
    await connect();
    player.stop();
    expect(browser.server.last(/snapshot/).aborted).toBe(true);
    window.dispatchEvent(new Event("load"));
    expect(video.srcObject).toBeNull();
  });

  test("with the page closes the connection without waiting for the server", async () => {
    await connect();
    player.stop(true);
    expect(FakePeer.last.closed).toBe(true);
  });

  test("is not final", async () => {
    await connect();
    await play(200);
    player.stop();
    frames.length = 0;
    await connect();
    await play(200);
    expect(frames).toHaveLength(4);
    expect(FakePeer.all).toHaveLength(2);
  });
});

test("a camera that nothing here can decode: the server's words are shown, and it is tried again", async () => {
  const UNSUPPORTED = { type: "urn:razz:problem:unsupported-video", title: "", status: 422, detail: "The camera sends MPEG-4." };
  const refuse = (): Promise<void> => browser.server.last(OFFER).answer(422, UNSUPPORTED, { "Content-Type": "application/problem+json" });
  browser.server.on(STATUS, (request) =>
    void request.answer(200, { state: "unsupported", last_error: "sends MPEG-4", advice: ["Set the camera to H.264."], fps: { received: 0 } }));
  player.start();
  await pass(0);
  await refuse();
  expect(player.state.videoWords).toMatch(/^retrying in 1 s: the camera sends MPEG-4$/);
  await pass(1_000);
  expect(browser.server.to(OFFER), "like any failure").toHaveLength(2);
  await refuse();
  await pass(2_000);
  // Some attempts later the browser counts as one that names no frames.
  FakeVideoFrame.rtp = undefined;
  for (let attempt = 0; attempt < 8; attempt++) present(video);
  await pass(250);
  expect([frames, player.state.gate], "nothing is presented for a session that does not come about").toEqual([[], "waiting"]);
  expect(player.state.noPicture).toEqual(["This camera's video cannot be shown.", "Sends MPEG-4.", "Set the camera to H.264."]);
  expect(browser.server.to(/snapshot/), "one for each attempt").toHaveLength(browser.server.to(OFFER).length);
});

test("figures of the connection are the browser's and the server's", async () => {
  expect(player.stats()).toBeNull();
  expect(await player.serverReport()).toBeNull();
  await connect();
  expect(await player.stats()).toBeInstanceOf(Map);
  const report = player.serverReport();
  await browser.server.last(SESSION).answer(200, { waiting: false });
  expect(await report).toEqual({ waiting: false });
});
