// Everything of a browser that a player needs and a test has not got. To be imported before the player.
import { vi } from "vitest";
import { fakeCanvases, type FakeContext } from "./canvas";
import { FakePeer, FakeStream } from "./peer";
import { FakeServer } from "./server";
import { FakeSocket } from "./socket";
import { FakeVideoFrame } from "./video";

/** What a test needs of it. */
export interface FakeBrowser {
  server: FakeServer;
  contextOf: (canvas: HTMLCanvasElement) => FakeContext;
  /** How often a video was told to play. */
  plays(): number;
  /** Hides the page, or shows it. */
  hide(hidden: boolean): void;
}

/** Until `tearDown`: the browser's own interfaces are fakes, and time passes when the test says so. */
export function setUp(): FakeBrowser {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0);
  FakePeer.reset();
  FakeVideoFrame.reset();
  FakeSocket.all.length = 0;
  vi.stubGlobal("RTCPeerConnection", FakePeer);
  vi.stubGlobal("MediaStream", FakeStream);
  vi.stubGlobal("WebSocket", FakeSocket);
  vi.stubGlobal("VideoFrame", FakeVideoFrame);
  const streams = new WeakMap<HTMLMediaElement, unknown>();
  Object.defineProperty(HTMLMediaElement.prototype, "srcObject", {
    configurable: true,
    get(this: HTMLMediaElement) {
      return streams.get(this) ?? null;
    },
    set(this: HTMLMediaElement, stream: unknown) {
      streams.set(this, stream);
    },
  });
  const play = vi.spyOn(HTMLMediaElement.prototype, "play").mockResolvedValue();
  let isHidden = false;
  vi.spyOn(document, "hidden", "get").mockImplementation(() => isHidden);
  return {
    server: new FakeServer(),
    contextOf: fakeCanvases(),
    plays: () => play.mock.calls.length,
    hide: (hidden) => {
      isHidden = hidden;
      document.dispatchEvent(new Event("visibilitychange"));
    },
  };
}

/** The browser of before. */
export function tearDown(): void {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
}
