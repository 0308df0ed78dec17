// @vitest-environment happy-dom
// <razz-player> on a page: attributes, words, events, and that nothing of it is left when it goes.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { indicatorText } from "./captions";
import { rtpAddMs } from "./clock/rtp";
import { browser, canvas, closePage, connect, failOffers, has, inside, key, OFFER, offers, openPage, pass, place, play, player, text, video } from "./fakes/page";
import { FakePeer } from "./fakes/peer";
import { FakeSocket } from "./fakes/socket";
import { track } from "./fakes/tracks";
import { FakeVideoFrame, isWatched, present } from "./fakes/video";
import { RazzPlayer, type DrawnFrame, type PlayerState } from "./index";

beforeEach(openPage);
afterEach(closePage);

test("importing the module defines the element, once", async () => {
  expect(customElements.get("razz-player")).toBe(RazzPlayer);
  vi.resetModules();
  await expect(import("./index"), "a second copy of the script on a page leaves it alone").resolves.toBeDefined();
  expect(customElements.get("razz-player")).toBe(RazzPlayer);
});

describe("inside", () => {
  test("is a muted video beneath the canvas #overlay, in an open shadow root", () => {
    place();
    expect(player.shadowRoot?.mode).toBe("open");
    expect([video().muted, video().hasAttribute("muted"), video().autoplay, video().hasAttribute("playsinline")]).toEqual([true, true, true, true]);
    expect(video().nextElementSibling).toBe(inside("canvas#overlay"));
    expect(video().getAttribute("aria-label")).toBe("Camera 7");
  });

  test("words are seen by some and heard by others, once each", () => {
    place();
    expect(inside("#words").getAttribute("aria-hidden")).toBe("true");
    expect([inside("#spoken").getAttribute("role"), inside("#notice").getAttribute("role")]).toEqual(["status", "status"]);
  });
});

describe("the attribute", () => {
  test.each([
    { attributes: { camera: "7" }, whep: "http://localhost:3000/whep/7", feed: "ws://localhost:3000/ws/tracking/7?every_frame=1" },
    { attributes: { camera: "camera12" }, whep: "http://localhost:3000/whep/12", feed: "ws://localhost:3000/ws/tracking/12?every_frame=1" },
    {
      attributes: { camera: "7", "src-base": "https://razz.example/cams", token: "secret" },
      whep: "https://razz.example/cams/whep/7",
      feed: "wss://razz.example/cams/ws/tracking/7?every_frame=1&token=secret",
    },
  ])("$attributes leads to $whep", async ({ attributes, whep, feed }) => {
    place(attributes);
    await pass(0);
    expect(offers().at(-1)).toBe(whep);
    expect(FakeSocket.last.url).toBe(feed);
  });

  test.each([{}, { camera: "" }, { camera: "gate" }, { camera: "0" }])("%o names no camera: that is said, and nothing is asked", async (attributes) => {
    place(attributes);
    await pass(5_000);
    expect(text("#words")).toMatch(/^No camera\./);
    expect([browser.server.requests.length, FakeSocket.all.length, player.state]).toEqual([0, 0, null]);
    player.setAttribute("camera", "3");
    await pass(0);
    expect(offers().at(-1)).toMatch(/whep\/3$/);
    expect(text("#words")).toBe("");
  });

  test.each([
    { name: "camera", value: "8" },
    { name: "token", value: "other" },
    { name: "src-base", value: "https://elsewhere.example" },
  ])("$name, changed, is another connection", async ({ name, value }) => {
    place();
    await connect();
    player.setAttribute(name, value);
    await pass(0);
    expect([offers().length, FakeSocket.all.length]).toEqual([2, 2]);
    expect(browser.server.to(/^DELETE /)).toHaveLength(1);
    player.setAttribute(name, value);
    await pass(0);
    expect(offers().length, "the same value again is no change").toBe(2);
  });

  test("mode is exact unless it says live, and changes without another connection", async () => {
    place({ camera: "7", mode: "nonsense" });
    await connect();
    expect([player.mode, player.state?.mode]).toEqual(["exact", "exact"]);
    player.setAttribute("mode", "live");
    expect([player.mode, player.state?.mode, FakePeer.last.receiver.jitterBufferTarget]).toEqual(["live", "live", 0]);
    player.mode = "exact";
    expect([player.getAttribute("mode"), player.state?.mode]).toEqual(["exact", "exact"]);
    expect(offers().length).toBe(1);
  });

  test.each([
    { value: "60", limit: 60 }, { value: "9000", limit: 400 }, { value: "-5", limit: 0 }, { value: "long", limit: 400 },
  ])("max-hold=$value holds for $limit ms at most", async ({ value, limit }) => {
    place({ camera: "7", "max-hold": value });
    expect(player.state?.holdLimitMs).toBe(limit);
    player.removeAttribute("max-hold");
    expect(player.state?.holdLimitMs).toBe(400);
    player.setAttribute("max-hold", value);
    expect(player.state?.holdLimitMs).toBe(limit);
    await pass(0);
    expect(offers().length).toBe(1);
  });

  test("no-boxes and no-labels leave them out at once", async () => {
    place();
    await connect();
    await play(100);
    const context = browser.contextOf(canvas());
    const drawn = (): [boolean, boolean] => [context.of("strokeRect").length > 0, context.of("fillText").length > 0];
    expect(drawn()).toEqual([true, true]);
    context.forget();
    player.setAttribute("no-labels", "");
    expect(drawn()).toEqual([true, false]);
    context.forget();
    player.setAttribute("no-boxes", "");
    expect(drawn()).toEqual([false, false]);
    player.removeAttribute("no-boxes");
    player.removeAttribute("no-labels");
    expect(drawn()).toEqual([true, true]);
  });

  test("no-trails leaves them out", async () => {
    place({ camera: "7", "no-trails": "" });
    await connect();
    const context = browser.contextOf(canvas());
    await play(500);
    expect(context.of("lineTo")).toEqual([]);
    player.removeAttribute("no-trails");
    expect(context.of("lineTo").length, "from the next frame on").toBe(0);
    await play(50);
    expect(context.of("lineTo").length).toBeGreaterThan(1);
  });

  test.each([
    { attributes: { classes: "car" }, ids: [2] },
    { attributes: { classes: "!car" }, ids: [1] },
    { attributes: { "min-confidence": "0.9" }, ids: [1] },
    { attributes: { classes: "" }, ids: [1, 2] },
  ])("$attributes shows tracks $ids, from the beginning and when it is changed", async ({ attributes, ids }) => {
    const tracks = [track({ track_id: 1 }), track({ track_id: 2, class: "car", confidence: 0.5 })];
    place({ camera: "7", ...attributes });
    await connect();
    await play(100, tracks);
    const shown = (): number[] | undefined => player.frame?.tracks.map(({ track_id }) => track_id);
    expect(shown()).toEqual(ids);
    for (const name of Object.keys(attributes)) player.removeAttribute(name);
    await play(50, tracks);
    expect(shown()).toEqual([1, 2]);
    for (const [name, value] of Object.entries(attributes)) player.setAttribute(name, value);
    await play(50, tracks);
    expect(shown()).toEqual(ids);
  });
});

describe("its page is told", () => {
  test("of every drawn frame and every change of state, also outside every shadow root", async () => {
    const frames: DrawnFrame[] = [];
    const states: PlayerState[] = [];
    const onFrame = (event: Event): void => void frames.push((event as CustomEvent<DrawnFrame>).detail);
    const onState = (event: Event): void => void states.push((event as CustomEvent<PlayerState>).detail);
    document.addEventListener("razz-frame", onFrame);
    document.addEventListener("razz-state", onState);
    // Also from inside a component of the page.
    const component = document.body.appendChild(document.createElement("div")).attachShadow({ mode: "open" });
    component.append(place());
    await connect();
    await play(1_000);
    document.removeEventListener("razz-frame", onFrame);
    document.removeEventListener("razz-state", onState);
    expect(frames).toHaveLength(20);
    expect(frames.at(-1)).toEqual(player.frame);
    expect(frames.at(-1)).toMatchObject({ mode: "exact", tracks: [{ track_id: 12, source: "bytetrack", state: "matched" }] });
    expect(states.at(-1)?.video).toBe("playing");
    expect(Object.keys(states.at(-1) ?? {})).toEqual(Object.keys(player.state ?? {}));
  });

  test("in words of a picture that does not come, without reading out a countdown", async () => {
    place();
    await pass(0);
    await failOffers();
    browser.server.on(OFFER, (request) => void request.fail());
    await pass(2_250);
    await browser.server.last(/status$/).problem(503, "Overloaded.");
    await pass(250);
    expect(text("#words")).toMatch(/^Overloaded\.Retrying in \d s: the server does not answer\.$/);
    expect(text("#spoken")).toBe("Overloaded.Retrying: the server does not answer.");
  });

  test("in words of boxes that do not come", async () => {
    place();
    await connect();
    await play(500);
    const socket = FakeSocket.last;
    socket.cut();
    for (let passed = 0; passed < 3_500; passed += 50) {
      FakeVideoFrame.rtp = rtpAddMs(1_000_000, performance.now());
      present(video(), { rtpTimestamp: FakeVideoFrame.rtp });
      await pass(50);
    }
    expect(text("#notice")).toMatch(/^No boxes: the WebSocket does not get through/);
    expect(text("#words")).toBe("");
    player.remove();
    await pass(0);
    expect(text("#notice")).toBe("");
  });

  test("by the indicator how boxes and picture meet, while there is a picture", async () => {
    place();
    await connect();
    await play(500);
    expect(text("#indicator")).toBe("exact 0 ms");
    await pass(2_500);
    expect(text("#indicator")).toBe("");
  });

  test.each([
    { state: { frameMode: "exact", skewMs: 0, frameSource: "videoframe", gate: "live" }, words: "exact 0 ms" },
    { state: { frameMode: "extrapolated", skewMs: 66.7, frameSource: "videoframe", gate: "live" }, words: "extrapolated 67 ms" },
    { state: { frameMode: "near", skewMs: 42, frameSource: "videoframe", gate: "live" }, words: "near 42 ms" },
    { state: { frameMode: "none", skewMs: null, frameSource: "videoframe", gate: "live" }, words: "no tracks" },
    { state: { frameMode: "exact", skewMs: 0, frameSource: "callback", gate: "live" }, words: "exact 0 ms · by callback" },
    { state: { frameMode: "interpolated", skewMs: null, frameSource: "walltime", gate: "live" }, words: "interpolated · by clock" },
    { state: { frameMode: "exact", skewMs: 0, frameSource: "videoframe", gate: "catching" }, words: "" },
    { state: { frameMode: "exact", skewMs: 0, frameSource: "videoframe", gate: "live", rendition: "360p", renditionWhy: "path" }, words: "360p · exact 0 ms" },
    { state: { frameMode: "exact", skewMs: 0, frameSource: "videoframe", gate: "live", rendition: "360p", renditionWhy: "size" }, words: "exact 0 ms" },
  ] as { state: Parameters<typeof indicatorText>[0]; words: string }[])("$words", ({ state, words }) => {
    expect(indicatorText(state)).toBe(words);
  });

  test("in a bug report everything", async () => {
    place();
    await connect();
    const report = player.diagnostics();
    await browser.server.last(/^GET .*abc$/).answer(200, { waiting: false, waits: 2, replays: 1 });
    expect(await report).toMatchObject({
      at: new Date().toISOString(), page: "http://localhost:3000/", browser: navigator.userAgent, camera: "7", player: { video: "playing" },
      connection: { bitrateKbps: null }, session: { waits: 2 },
    });
    player.remove();
    await pass(0);
    expect(await player.diagnostics()).toMatchObject({ player: null, connection: null, session: null });
  });

  test("nothing of a part of a picture that it does not have", () => {
    expect(place().crop([0, 0, 10, 10], document.createElement("canvas"))).toBe(false);
  });
});

describe("with when-visible", () => {
  let show: (visible: boolean) => void;
  let observed: Set<Element>;
  beforeEach(() => {
    observed = new Set();
    vi.stubGlobal("IntersectionObserver", class {
      constructor(onChange: (entries: { isIntersecting: boolean }[]) => void) {
        show = (isIntersecting) => {
          onChange([{ isIntersecting }]);
        };
      }
      observe(element: Element): void {
        observed.add(element);
      }
      disconnect(): void {
        observed.clear();
      }
    });
  });

  test("it plays while it can be seen, and some moments more", async () => {
    place({ camera: "7", "when-visible": "" });
    await pass(5_000);
    expect([offers().length, player.state]).toEqual([0, null]);
    show(true);
    await connect();
    show(false);
    await pass(1_999);
    expect(player.state).not.toBeNull();
    show(true);
    await pass(10_000);
    expect(player.state, "who scrolls past comes back").not.toBeNull();
    show(false);
    await pass(2_000);
    expect(player.state).toBeNull();
    show(true);
    await pass(0);
    expect(offers().length).toBe(2);
  });

  test("and without it again, at once", async () => {
    place({ camera: "7", "when-visible": "" });
    player.removeAttribute("when-visible");
    await pass(0);
    expect([offers().length, observed.size]).toEqual([1, 0]);
  });

  test("watches nothing once it is gone", async () => {
    place({ camera: "7", "when-visible": "" });
    expect(observed.size).toBe(1);
    player.remove();
    await pass(0);
    expect(observed.size).toBe(0);
  });
});

describe("on the page and off it", () => {
  test("moved about, it goes on", async () => {
    place();
    await connect();
    document.body.append(document.createElement("p"), player);
    await pass(0);
    expect([offers().length, player.state?.video, browser.server.to(/^DELETE /).length]).toEqual([1, "playing", 0]);
  });

  test("removed, it ends everything", async () => {
    const listening = [vi.spyOn(window, "addEventListener"), vi.spyOn(document, "addEventListener")];
    place({ camera: "7", controls: "" });
    await connect();
    await play(200);
    key("d");
    await pass(100);
    player.remove();
    await pass(0);
    expect([player.state, player.frame, player.stats(), has("#dock")]).toEqual([null, null, null, false]);
    expect(browser.server.to(/^DELETE /)).toHaveLength(1);
    expect([FakeSocket.last.readyState, isWatched(video()), FakeVideoFrame.open.size, vi.getTimerCount()]).toEqual([FakeSocket.CLOSED, false, 0, 0]);
    for (const [target, type] of [[window, "pageshow"], [window, "online"], [document, "visibilitychange"]] as const) target.dispatchEvent(new Event(type));
    player.setAttribute("camera", "9");
    await pass(1_000);
    expect(offers().length, "nothing wakes it").toBe(1);
    const signals = listening.flatMap((spy) => spy.mock.calls).map(([, , options]) => (options as AddEventListenerOptions | undefined)?.signal);
    expect(signals.length).toBeGreaterThan(3);
    expect(signals.map((signal) => signal?.aborted), "and it listens to nothing").toEqual(signals.map(() => true));
    document.body.append(player);
    await pass(0);
    expect(offers().at(-1)).toMatch(/whep\/9$/);
  });

  test("its page goes into the back-forward cache without a connection, and gets one when it comes back", async () => {
    place();
    await connect();
    window.dispatchEvent(new Event("pagehide"));
    expect([player.state, FakePeer.last.closed]).toEqual([null, true]);
    window.dispatchEvent(new Event("pageshow"));
    await pass(0);
    expect(offers().length).toBe(2);
  });

  test.each([
    { name: "the network is back", wake: () => window.dispatchEvent(new Event("online")) },
    { name: "the page is looked at", wake: () => document.dispatchEvent(new Event("visibilitychange")) },
  ])("$name: it tries again at once", async ({ wake }) => {
    place();
    await pass(0);
    await failOffers();
    wake();
    await pass(0);
    expect(offers().length).toBe(2);
  });

  test("hidden, the page wakes nothing", async () => {
    place();
    await pass(0);
    await failOffers();
    browser.hide(true);
    await pass(0);
    expect(offers().length).toBe(1);
  });
});
