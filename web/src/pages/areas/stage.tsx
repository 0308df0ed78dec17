// The picture with the drawing over it, drawn on by mouse, touch and keys.
import { useEffect, useRef } from "preact/hooks";
import type { CameraInfo } from "../../wire";
import { backspace, cancel, choose, finish, insertPoint, nudge, point } from "./actions";
import { drop, giveUp, pull, take } from "./drag";
import { fewest, isClosed } from "./draft";
import { distance, kept, toPixels, toShares, type Point } from "./geometry";
import { Picture } from "./picture";
import { current } from "./preview";
import { Handles, Pen, REACH, Shape } from "./shapes";
import { area, chosen, cursor, drafts, inHand, pen, picture, pixelsOf, spoken, stage, vertex } from "./state";

const ARROWS: Record<string, Point> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export function Stage({ camera }: { camera: CameraInfo }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const { current: element } = box;
    if (!element) return;
    const observer = new ResizeObserver(() => {
      const { width, height } = element.getBoundingClientRect();
      stage.value = { width, height };
    });
    observer.observe(element);
    return () => { observer.disconnect(); };
  }, []);
  const { width, height } = picture.value;
  return (
    <div class="drawn" ref={box} style={{ aspectRatio: `${width} / ${height}` }}>
      <Picture camera={camera} />
      <Drawing />
    </div>
  );
}

function Drawing() {
  const svg = useRef<SVGSVGElement>(null);
  /** Whether the pointer went down where there is nothing. */
  const missed = useRef(false);
  const { width, height } = stage.value;
  const placeOf = (event: MouseEvent): Point => {
    const from = svg.current?.getBoundingClientRect() ?? { left: 0, top: 0 };
    return [event.clientX - from.left, event.clientY - from.top];
  };
  const draft = inHand.value;
  const drawing = pen.value;
  const at = vertex.value;
  const isDrawing = drawing !== null;

  // The point in hand has the focus, as long as it is in the drawing at all.
  useEffect(() => {
    const inside = document.activeElement === document.body || svg.current?.contains(document.activeElement) === true;
    if (at !== null && inside) svg.current?.querySelector<SVGElement>(`[data-point="${at}"]`)?.focus({ preventScroll: true });
  }, [at, draft?.points.length]);
  useEffect(() => {
    if (isDrawing) svg.current?.focus({ preventScroll: true });
  }, [isDrawing]);

  const onClick = (event: MouseEvent): void => {
    // Not when the pointer goes down: a finger that begins to scroll there lets go of nothing.
    if (!drawing && missed.current) choose(null);
    // The second click of a double click ends the drawing, below.
    if (!drawing || event.detail > 1) return;
    const place = placeOf(event);
    const { points, kind } = drawing;
    const end = isClosed(kind) ? points[0] : points.at(-1);
    if (end && points.length >= fewest(kind) && distance(toPixels(end, area.value), place) <= REACH / 1.5) finish();
    else point(toShares(place, area.value));
  };

  const onPointerDown = (event: PointerEvent): void => {
    missed.current = false;
    if (drawing || event.button !== 0 || (event.target as Element).closest("[data-flip]")) return;
    const before = chosen.value;
    if (take(placeOf(event))) svg.current?.setPointerCapture(event.pointerId);
    else missed.current = chosen.value === before;
  };
  const onPointerMove = (event: PointerEvent): void => {
    if (!drawing) pull(placeOf(event));
    else if (event.pointerType === "mouse") cursor.value = toShares(placeOf(event), area.value);
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || !heard(event)) return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <svg
      ref={svg}
      class={drawing ? "drawing" : ""}
      width={width}
      height={height}
      role="group"
      aria-label="Drawing: Tab goes through the points of the area in hand, arrow keys move them"
      tabindex={0}
      onClick={onClick}
      onDblClick={() => { finish(); }}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={() => { drop(); }}
      onPointerCancel={() => { drop(); }}
      onPointerLeave={() => { if (drawing) cursor.value = null; }}
      onKeyDown={onKeyDown}
    >
      <pattern id="hatch" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <path d="M0 0v8" stroke="#000" stroke-opacity="0.6" stroke-width="8" />
        <path d="M0 0v8" stroke="#fff" stroke-opacity="0.5" stroke-width="2" />
      </pattern>
      {drafts.value.map((one, number) => (one.key === draft?.key ? null : <Shape key={one.key} draft={one} at={number} points={pixelsOf(one.points)} isChosen={false} />))}
      {draft && <Shape key={draft.key} draft={draft} at={drafts.value.indexOf(draft)} points={pixelsOf(draft.points)} isChosen={!drawing} />}
      {draft && !drawing && <Examples />}
      {draft && !drawing && <Handles draft={draft} points={pixelsOf(draft.points)} />}
      {drawing && <Pen points={pixelsOf(drawing.points)} closed={isClosed(drawing.kind)} next={cursor.value && toPixels(cursor.value, area.value)} />}
    </svg>
  );
}

/** Where it would have counted. */
function Examples() {
  return (
    <g class="examples">
      {(current.value?.examples ?? []).map(({ at, track_id, direction, place }) => {
        // A visit has no one place.
        if (place === null) return null;
        const [x, y] = toPixels(place, area.value);
        return <circle key={`${at.media_time} ${track_id}`} class={direction ?? "visit"} cx={x} cy={y} r={4} />;
      })}
    </g>
  );
}

/** Does what a key means; false if it means nothing here. */
function heard({ key, shiftKey }: KeyboardEvent): boolean {
  const arrow = ARROWS[key];
  const at = vertex.value;
  const far = shiftKey ? 10 : 1;
  if (arrow && pen.value) {
    // Ten times as far as a point in hand: from the middle to everywhere.
    const [x, y] = cursor.value ?? [0.5, 0.5];
    cursor.value = kept([x + (arrow[0] * far * 10) / picture.value.width, y + (arrow[1] * far * 10) / picture.value.height]);
  } else if (arrow && at !== null) nudge(at, [arrow[0] * far, arrow[1] * far]);
  else if (key === " " && pen.value) point(cursor.value ?? [0.5, 0.5]);
  else if (key === "Enter" && pen.value) {
    if (pen.value.points.length < fewest(pen.value.kind)) spoken.value = `A ${pen.value.kind} needs ${fewest(pen.value.kind)} points or more`;
    finish();
  } else if (key === "Backspace" || key === "Delete") return backspace();
  else if ((key === "Insert" || key === "+") && at !== null) insertPoint(at);
  else if (key === "Escape") {
    if (pen.value) cancel();
    else if (!giveUp()) {
      if (at !== null) vertex.value = null;
      else choose(null);
    }
  } else return false;
  return true;
}
