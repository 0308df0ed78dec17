// The timeline: a canvas with a row for each camera, and over it what moves: the playhead, the marks, the pointer.
import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { pan, run, scrub, seek, show } from "./actions";
import { whatIsAt } from "./coverage";
import { Gestures } from "./gestures";
import { Hover } from "./hover";
import { coloursOf, layoutOf, Painter, rowAt } from "./paint";
import { commandOf } from "./playbackkeys";
import { countsOn } from "./players";
import { VISITS_MOST } from "./recordings";
import { at, chosen, coverage, hover, live, looked, marks, nameOf, now, paused, view, visited, visits, width } from "./state";
import { clock } from "./ticks";
import { spanOf, tOf, xOf, zoomed } from "./timescale";
import { atWords } from "./words";

/** The playhead is caught from this far, by a mouse and by a finger. */
const CATCH_PX = 8;
const CATCH_TOUCH_PX = 22;
/** A screen reader hears of a playing recording this often. */
const SPOKEN_MS = 10_000;
/** A wheel's notch of 100 zooms by about a fifth. */
const WHEEL = 0.002;
const LABELS_PX = 84;
const LABELS_LOW_PX = 64;

const low = (): boolean => innerWidth < 620;

export function Timeline() {
  const root = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const layout = useComputed(() => layoutOf(chosen.value.length, low()));
  const gestures = useRef(new Gestures());
  useEffect(() => (canvas.current ? painted(canvas.current) : undefined), []);
  useEffect(() => (root.current ? wheeled(root.current) : undefined), []);

  const placeOf = (event: PointerEvent): [number, number] => {
    const box = root.current?.getBoundingClientRect();
    return [event.clientX - (box?.left ?? 0), event.clientY - (box?.top ?? 0)];
  };
  const timeAt = (x: number): number => tOf(view.peek(), width.peek(), x);
  const act = (made: ReturnType<Gestures["move"]>): void => {
    if (made === null) return;
    if (made.do === "seek") seek(timeAt(made.x));
    else if (made.do === "scrub") scrub(timeAt(made.x), made.done);
    else if (made.do === "pan") pan((-made.byPx / Math.max(1, width.peek())) * spanOf(view.peek()));
    else {
      const pivot = timeAt(made.fromX);
      show(zoomed(view.peek(), made.factor, pivot));
      pan(pivot - timeAt(made.x));
    }
  };
  const onPointer = (event: PointerEvent): void => {
    const [x, y] = placeOf(event);
    if (event.type === "pointerdown") {
      if (event.button !== 0) return;
      root.current?.setPointerCapture(event.pointerId);
      const near = event.pointerType === "mouse" ? CATCH_PX : CATCH_TOUCH_PX;
      const onFlag = event.target instanceof Element && event.target.closest(".playhead") !== null;
      gestures.current.down(event.pointerId, x, onFlag || Math.abs(x - xOf(view.peek(), width.peek(), at.peek())) <= near);
    } else if (event.type === "pointermove") act(gestures.current.move(event.pointerId, x));
    else act(gestures.current.up(event.pointerId, x, event.type === "pointercancel"));
    const row = rowAt(layout.peek(), y, chosen.peek().length);
    const shown = event.pointerType === "mouse" || gestures.current.scrubbing;
    hover.value = shown && event.type !== "pointercancel" ? { t: timeAt(x), x, camera: (row === null ? chosen.peek()[0] : chosen.peek()[row]) ?? null } : null;
  };

  return (
    <div class="timeline">
      <Names row={layout.value.row} apart={layout.value.apart} top={layout.value.top} />
      <div
        ref={root}
        class="scale"
        style={{ height: `${layout.value.height}px` }}
        role="slider"
        tabindex={0}
        aria-label="Timeline"
        aria-orientation="horizontal"
        {...useSpoken()}
        onPointerDown={onPointer}
        onPointerMove={onPointer}
        onPointerUp={onPointer}
        onPointerCancel={onPointer}
        onPointerLeave={() => (hover.value = null)}
        onKeyDown={(event) => {
          const command = commandOf(event, true);
          if (!command || !event.key.startsWith("Arrow")) return;
          event.preventDefault();
          run(command);
        }}
      >
        <canvas ref={canvas} aria-hidden="true" />
        <Marked />
        <Playhead />
        <Hover />
      </div>
    </div>
  );
}

/** What the slider says: the time, and what is there; seldom while it moves by itself. */
function useSpoken(): Record<string, number | string> {
  const text = useSignal("");
  const last = useRef({ t: 0, ms: -Infinity });
  useSignalEffect(() => {
    const t = Math.floor(at.value);
    const jumped = Math.abs(t - last.current.t) > 2 || paused.value;
    last.current.t = t;
    if (!jumped && performance.now() - last.current.ms < SPOKEN_MS) return;
    last.current.ms = performance.now();
    const [camera] = chosen.value;
    const there = camera === undefined ? "" : live.value ? "live" : atWords(whatIsAt(coverage.peek().get(camera), at.peek()), countsOn(camera));
    text.value = `${clock(t)}, ${there}`;
  });
  const { from, to } = view.value;
  return { "aria-valuemin": Math.floor(from), "aria-valuemax": Math.ceil(to), "aria-valuenow": Math.round(Math.min(to, Math.max(from, last.current.t))), "aria-valuetext": text.value };
}

function Names({ row, apart, top }: { row: number; apart: number; top: number }) {
  return (
    <ul class="names" style={{ paddingTop: `${top}px`, gap: `${apart}px` }}>
      {chosen.value.map((id) => (
        <li key={id} style={{ height: `${row}px` }} title={nameOf(id)}>
          {nameOf(id)}
        </li>
      ))}
    </ul>
  );
}

function Playhead() {
  const line = useRef<HTMLDivElement>(null);
  useSignalEffect(() => {
    const x = xOf(view.value, width.value, at.value);
    const { current } = line;
    if (!current) return;
    current.hidden = x < -1 || x > width.value + 1;
    current.style.transform = `translateX(${x}px)`;
    // The flag stays on the timeline at both ends.
    current.style.setProperty("--lean", `${Math.max(42 - x, Math.min(0, width.value - 42 - x))}px`);
  });
  return (
    <div ref={line} class={live.value ? "playhead live" : "playhead"} aria-hidden="true">
      <span>
        <Flag />
      </span>
    </div>
  );
}

function Flag() {
  return <>{live.value ? "Live" : clock(at.value, paused.value ? { fine: true } : {})}</>;
}

function Marked() {
  const box = useRef<HTMLDivElement>(null);
  useSignalEffect(() => {
    const { in: from, out: to } = marks.value;
    const { current } = box;
    if (!current) return;
    const one = from ?? to;
    current.hidden = one === null;
    if (one === null) return;
    const [a, b] = [xOf(view.value, width.value, from ?? one), xOf(view.value, width.value, to ?? one)];
    current.style.transform = `translateX(${Math.min(a, b)}px)`;
    current.style.width = `${Math.max(2, Math.abs(b - a))}px`;
  });
  return <div ref={box} class="marked" aria-hidden="true" />;
}

/** Zooms and moves by the wheel; the browser would scroll the page unless told not to, which needs a listener of its own. */
function wheeled(element: HTMLElement): () => void {
  const onWheel = (event: WheelEvent): void => {
    event.preventDefault();
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : 33;
    const aside = event.shiftKey ? event.deltaY : event.deltaX;
    if (Math.abs(aside) > Math.abs(event.deltaY) || event.shiftKey) {
      pan(((aside * unit) / Math.max(1, width.peek())) * spanOf(view.peek()));
      return;
    }
    const x = event.clientX - element.getBoundingClientRect().left;
    // A pinch on a touchpad comes as a wheel with Ctrl and small numbers.
    const factor = Math.exp(event.deltaY * unit * WHEEL * (event.ctrlKey ? 4 : 1));
    show(zoomed(view.peek(), factor, tOf(view.peek(), width.peek(), x)));
  };
  element.addEventListener("wheel", onWheel, { passive: false });
  return () => {
    element.removeEventListener("wheel", onWheel);
  };
}

/** Draws whenever something has changed, once a frame at most. */
function painted(canvas: HTMLCanvasElement): () => void {
  const to = canvas.getContext("2d");
  const parent = canvas.parentElement;
  if (!to || !parent) return () => undefined;
  let painter = new Painter(to, coloursOf(canvas));
  let frame = 0;
  const draw = (): void => {
    frame = 0;
    const ids = chosen.peek();
    const layout = layoutOf(ids.length, low());
    const ratio = devicePixelRatio;
    const [wide, high] = [Math.round(width.peek() * ratio), Math.round(layout.height * ratio)];
    if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high });
    canvas.style.height = `${layout.height}px`;
    to.setTransform(ratio, 0, 0, ratio, 0, 0);
    // Only some of them would look like all of them: then the columns tell what there is.
    const all = visits.peek() ?? [];
    const marks = all.length < VISITS_MOST ? all : [];
    const rows = ids.map((id) => ({ footage: coverage.peek().get(id), visits: marks.filter((visit) => visit.camera_id === id) }));
    painter.draw({ view: view.peek(), width: width.peek(), layout, rows, now: now.peek(), looked, visited: visited.peek(), apartPx: low() ? LABELS_LOW_PX : LABELS_PX });
  };
  const ask = (): void => {
    frame ||= requestAnimationFrame(draw);
  };
  const ended = [view, width, coverage, visits, visited, chosen, now].map((shown) => shown.subscribe(ask));
  const observer = new ResizeObserver(() => {
    width.value = parent.clientWidth;
    ask();
  });
  observer.observe(parent);
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  const recolour = (): void => {
    painter = new Painter(to, coloursOf(canvas));
    ask();
  };
  scheme.addEventListener("change", recolour);
  return () => {
    for (const end of ended) end();
    cancelAnimationFrame(frame);
    observer.disconnect();
    scheme.removeEventListener("change", recolour);
  };
}
