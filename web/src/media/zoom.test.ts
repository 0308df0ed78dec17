// Zoom keeps the point under the finger, and never shows what is beside the element.
import { describe, expect, it } from "vitest";
import { pan, seenThrough, viewCss, WHOLE, zoomAt } from "./zoom";

describe("zoom", () => {
  it.each([
    [2, 0.5, 0.5],
    [3, 0.25, 0.8],
    [1.1, 0, 1],
  ])("by %d keeps the point at %d, %d", (factor, px, py) => {
    const view = zoomAt(WHOLE, factor, px, py);
    expect(px * view.scale + view.x).toBeCloseTo(px);
    expect(py * view.scale + view.y).toBeCloseTo(py);
  });

  it("ends at the whole and at sixteen times", () => {
    expect(zoomAt(zoomAt(WHOLE, 4, 0.9, 0.1), 0.01, 0.2, 0.2)).toEqual(WHOLE);
    expect(zoomAt(WHOLE, 1e6, 0.5, 0.5).scale).toBe(16);
  });

  it("moves no further than the picture goes", () => {
    const view = zoomAt(WHOLE, 2, 0.5, 0.5);
    expect(pan(view, 9, 9)).toEqual({ scale: 2, x: 0, y: 0 });
    expect(pan(view, -9, 0.1)).toEqual({ scale: 2, x: -1, y: -0.4 });
    expect(pan(WHOLE, 0.5, 0.5)).toEqual(WHOLE);
  });

  it("places canvas and video alike", () => {
    const view = { scale: 2, x: -0.5, y: -0.25 };
    expect(seenThrough(view, { x: 0, y: 10, width: 100, height: 40 }, 100, 60)).toEqual({ x: -50, y: 5, width: 200, height: 80 });
    expect(viewCss(view)).toBe("translate(-50%, -25%) scale(2)");
    expect(viewCss(WHOLE)).toBe("");
  });
});
