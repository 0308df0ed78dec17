// What a pointer does on the picture: which handle it has, and where that goes.
import { isClosed } from "./draft";
import { change, choose, insertPoint, movePoint, settle, undoStep } from "./actions";
import { edgeAt, holds, shifted, toShares, vertexAt, type Point } from "./geometry";
import { middlesOf, REACH } from "./shapes";
import { area, drafts, inHand, pixelsOf, vertex } from "./state";

/** Outlines are hit so far away, in CSS pixels. */
const NEAR = 10;

type Drag =
  /** `off`: from the pointer to the point, so that a point does not jump to the pointer. */
  | { kind: "point"; at: number; off: Point; moved: boolean }
  | { kind: "shape"; key: number; from: Point; points: Point[]; moved: boolean };

let drag: Drag | null = null;

/** Takes what is under the pointer; false if there is nothing. */
export function take(place: Point): boolean {
  drag = grabbed(place);
  return drag !== null;
}

function grabbed(place: Point): Drag | null {
  const draft = inHand.value;
  if (draft) {
    const points = pixelsOf(draft.points);
    const at = vertexAt(points, place, REACH);
    const middles = middlesOf(points, isClosed(draft.kind));
    const between = vertexAt(middles.map(({ place: middle }) => middle), place, REACH);
    if (at !== null) {
      settle();
      vertex.value = at;
      const [x, y] = points[at] ?? place;
      return { kind: "point", at, off: [x - place[0], y - place[1]], moved: false };
    }
    if (between !== null) {
      const edge = middles[between]?.at ?? 0;
      settle();
      insertPoint(edge, toShares(place, area.value), `point ${edge + 1}`);
      return { kind: "point", at: edge + 1, off: [0, 0], moved: true };
    }
  }
  // The one in hand before the others, and of those the one that is drawn last.
  const order = [...(draft ? [draft] : []), ...drafts.value.toReversed()];
  const hit = order.find(({ kind, points }) => {
    const pixels = pixelsOf(points);
    return edgeAt(pixels, isClosed(kind), place, NEAR) !== null || (isClosed(kind) && holds(pixels, place));
  });
  if (!hit) return null;
  if (hit.key !== draft?.key) {
    choose(hit.key);
    return null;
  }
  settle();
  return { kind: "shape", key: hit.key, from: place, points: hit.points, moved: false };
}

/** The pointer has moved to a place. */
export function pull(place: Point): void {
  if (!drag) return;
  if (drag.kind === "point") {
    drag.moved = true;
    movePoint(drag.at, toShares([place[0] + drag.off[0], place[1] + drag.off[1]], area.value));
  } else {
    const { width, height } = area.value;
    const by: Point = [(place[0] - drag.from[0]) / width, (place[1] - drag.from[1]) / height];
    // A click with an unsteady hand moves nothing.
    if (!drag.moved && Math.hypot(place[0] - drag.from[0], place[1] - drag.from[1]) < 4) return;
    drag.moved = true;
    change(drag.key, { points: shifted(drag.points, by) }, `shape ${drag.key}`);
  }
}

/** Lets go. */
export function drop(): void {
  if (drag) settle();
  drag = null;
}

/** Lets go, and everything is where it was; false if nothing was dragged. */
export function giveUp(): boolean {
  const moved = drag?.moved === true;
  drag = null;
  if (moved) undoStep();
  return moved;
}
