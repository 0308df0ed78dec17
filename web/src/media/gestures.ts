// Wheel, pinch, drag and double click on the picture, as movements of the view.
import { pan, WHOLE, zoomAt, type View } from "./zoom";

/** Wheel pixels that double the magnification. */
const WHEEL_DOUBLE_PX = 300;

/** What the gestures move. */
export interface Lens {
  /** The view now. */
  get(): View;
  /** The view from now on. */
  set(view: View): void;
}

/**
 * Listens on `surface` until `signal` ends it. The wheel scrolls what can be scrolled, unless it is ours by `wheelIsOurs` or
 * with Ctrl, as in a pinch on a touchpad.
 */
export function watchGestures(surface: HTMLElement, lens: Lens, wheelIsOurs: () => boolean, signal: AbortSignal): void {
  const fingers = new Map<number, PointerEvent>();
  const share = (event: { clientX: number; clientY: number }): [number, number] => {
    const { left, top, width, height } = surface.getBoundingClientRect();
    return [(event.clientX - left) / Math.max(1, width), (event.clientY - top) / Math.max(1, height)];
  };
  const set = (view: View): void => {
    lens.set(view);
    // Magnified, a finger moves the picture; whole, it scrolls the page.
    surface.style.touchAction = view.scale > 1 ? "none" : "pan-x pan-y";
    surface.style.cursor = view.scale > 1 ? "grab" : "";
  };
  set(lens.get());

  surface.addEventListener(
    "wheel",
    (event) => {
      const view = lens.get();
      if (event.deltaY === 0 || (event.deltaY > 0 && view.scale === 1)) return;
      if (!event.ctrlKey && view.scale === 1 && !wheelIsOurs() && event.composedPath().some(scrolls)) return;
      event.preventDefault();
      const px = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? event.deltaY : event.deltaY * 30;
      set(zoomAt(view, 2 ** (-px / WHEEL_DOUBLE_PX), ...share(event)));
    },
    { passive: false, signal },
  );

  const down = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    fingers.set(event.pointerId, event);
    // Or a press that ends outside is never heard of again, and goes on dragging.
    surface.setPointerCapture(event.pointerId);
  };
  const move = (event: PointerEvent): void => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    fingers.set(event.pointerId, event);
    const [x0, y0] = share(before);
    const [x1, y1] = share(event);
    const other = [...fingers.values()].find((finger) => finger.pointerId !== event.pointerId);
    if (!other) {
      if (lens.get().scale > 1) set(pan(lens.get(), x1 - x0, y1 - y0));
      return;
    }
    const apart = (finger: PointerEvent): number => Math.hypot(finger.clientX - other.clientX, finger.clientY - other.clientY);
    const [ox, oy] = share(other);
    const moved = pan(lens.get(), (x1 - x0) / 2, (y1 - y0) / 2);
    set(zoomAt(moved, apart(event) / Math.max(1, apart(before)), (x1 + ox) / 2, (y1 + oy) / 2));
  };
  const up = (event: PointerEvent): void => {
    fingers.delete(event.pointerId);
  };
  surface.addEventListener("pointerdown", down, { signal });
  surface.addEventListener("pointermove", move, { signal });
  for (const type of ["pointerup", "pointercancel", "lostpointercapture"] as const) surface.addEventListener(type, up, { signal });
  surface.addEventListener(
    "dblclick",
    (event) => {
      set(lens.get().scale > 1 ? WHOLE : zoomAt(WHOLE, 2.5, ...share(event)));
    },
    { signal },
  );
}

/** Whether the wheel scrolls this part of the page. */
function scrolls(part: EventTarget): boolean {
  if (!(part instanceof Element) || part.scrollHeight <= part.clientHeight) return false;
  return part === document.scrollingElement || /auto|scroll/.test(getComputedStyle(part).overflowY);
}
