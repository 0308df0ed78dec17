import { afterEach, expect, test, vi } from "vitest";
import { MediaFrames } from "./mediaframes";

afterEach(() => { vi.unstubAllGlobals(); });

test.each<[string, number | null, number]>([
  ["the frame's own time, where the callback ran late", 2_592_000_133_333, 2_592_000.133333],
  ["that of the callback, where the frame has none in microseconds", 2_592_000, 2_592_000.1],
  ["that of the callback, where there are no frames", null, 2_592_000.1],
])("names a frame by %s", (_, timestamp, seconds) => {
  const calls: VideoFrameRequestCallback[] = [];
  const video = { requestVideoFrameCallback: (call: VideoFrameRequestCallback) => calls.push(call), cancelVideoFrameCallback: () => undefined };
  const close = vi.fn();
  vi.stubGlobal("VideoFrame", timestamp === null ? undefined : class { timestamp = timestamp; close = close; });
  const told: number[] = [];
  new MediaFrames(video as unknown as HTMLVideoElement, (time) => told.push(time));
  calls[0]?.(0, { mediaTime: 2_592_000.1 } as VideoFrameCallbackMetadata);
  expect(told).toEqual([seconds]);
  expect(close).toHaveBeenCalledTimes(timestamp === null ? 0 : 1);
});
