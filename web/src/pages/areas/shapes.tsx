// How areas look on the picture. All places are in CSS pixels of the drawing.
import { flip, placeWords } from "./actions";
import { colourOf } from "./colours";
import { isClosed, type Draft } from "./draft";
import { arrowOf, centreOf, crossing, distance, edgesOf, middle, type Point } from "./geometry";
import { vertex } from "./state";

/** Radius of what takes a handle's touch. */
export const REACH = 22;
/** On shorter edges there is no room for a handle between those of the points. */
const ROOM_FOR_MIDDLE = 3 * REACH;
const ARROW = 34;

const path = (points: readonly Point[], closed: boolean): string => `M${points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}${closed ? "Z" : ""}`;

/** An area, its name, and of a line which side is in. */
export function Shape({ draft, at, points, isChosen }: { draft: Draft; at: number; points: Point[]; isChosen: boolean }) {
  const closed = isClosed(draft.kind);
  const line = path(points, closed);
  const wrong = crossing(draft.points, closed) !== null;
  const [x, y] = closed ? centreOf(points) : (points[0] ?? [0, 0]);
  return (
    <g class={`shape ${draft.kind}${isChosen ? " chosen" : ""}${wrong ? " wrong" : ""}`} style={{ color: colourOf(at) }}>
      <path class="rim" d={line} />
      <path class="outline" d={line} />
      {!closed && <Arrow draft={draft} points={points} isChosen={isChosen} />}
      <text x={x} y={closed ? y : y - 12} text-anchor={closed || x > 80 ? "middle" : "start"}>
        {draft.name}
      </text>
    </g>
  );
}

/** From the line to the side that counts as in. */
function Arrow({ draft, points, isChosen }: { draft: Draft; points: Point[]; isChosen: boolean }) {
  const arrow = arrowOf(points, draft.inside);
  if (!arrow) return null;
  const { at: [x, y], towards: [dx, dy] } = arrow;
  const [tx, ty] = [x + dx * ARROW, y + dy * ARROW];
  const swap = (event: Event): void => {
    event.preventDefault();
    event.stopPropagation();
    flip(draft.key);
  };
  return (
    <g
      class="arrow"
      {...(isChosen ? { "data-flip": true, role: "button", tabindex: 0, "aria-label": "Swap in and out", onClick: swap, onKeyDown: (event: KeyboardEvent) => { if (event.key === "Enter" || event.key === " ") swap(event); } } : {})}
    >
      {isChosen && <circle class="reach" cx={x + dx * 48} cy={y + dy * 48} r={REACH} />}
      <path class="rim" d={`M${x} ${y}L${tx} ${ty}`} />
      <path class="stem" d={`M${x} ${y}L${tx} ${ty}`} />
      <path class="tip" d={`M${tx + dx * 9} ${ty + dy * 9}L${tx - dy * 7} ${ty + dx * 7}L${tx + dy * 7} ${ty - dx * 7}Z`} />
      <text x={tx + dx * 22} y={ty + dy * 22 + 5} text-anchor="middle">in</text>
    </g>
  );
}

/** The edges of an area that have a handle in their middle. */
export function middlesOf(points: readonly Point[], closed: boolean): { at: number; place: Point }[] {
  return edgesOf(points, closed).filter(({ from, to }) => distance(from, to) >= ROOM_FOR_MIDDLE).map(({ at, from, to }) => ({ at, place: middle(from, to) }));
}

/** What the area in hand is dragged by. */
export function Handles({ draft, points }: { draft: Draft; points: Point[] }) {
  return (
    <g class="handles">
      {middlesOf(points, isClosed(draft.kind)).map(({ at, place: [x, y] }) => (
        <g key={`middle ${at}`} class="middle">
          <circle class="reach" cx={x} cy={y} r={REACH} />
          <circle class="dot" cx={x} cy={y} r={5} />
          <path d={`M${x - 3} ${y}h6M${x} ${y - 3}v6`} />
        </g>
      ))}
      {points.map(([x, y], at) => (
        <g
          key={at}
          class={vertex.value === at ? "point chosen" : "point"}
          data-point={at}
          tabindex={0}
          role="button"
          aria-label={`Point ${at + 1} of ${points.length}: ${placeWords(draft.points[at] ?? [0, 0])}`}
          onFocus={() => { vertex.value = at; }}
        >
          <circle class="reach" cx={x} cy={y} r={REACH} />
          <circle class="dot" cx={x} cy={y} r={8} />
          <text x={x} y={y + 3.5} text-anchor="middle" aria-hidden="true">
            {at + 1}
          </text>
        </g>
      ))}
    </g>
  );
}

/** What is being drawn, and the way to where the next point would be. */
export function Pen({ points, closed, next }: { points: Point[]; closed: boolean; next: Point | null }) {
  const [first] = points;
  const all = next ? [...points, next] : points;
  return (
    <g class="shape pen">
      {all.length > 1 && <path class="rim" d={path(all, false)} />}
      {all.length > 1 && <path class="outline" d={path(all, closed && points.length > 1)} />}
      {points.map(([x, y], at) => (
        <circle key={at} class="dot" cx={x} cy={y} r={6} />
      ))}
      {closed && first && points.length > 2 && <circle class="close" cx={first[0]} cy={first[1]} r={12} />}
      {next && <path class="cross" d={`M${next[0] - 10} ${next[1]}h20M${next[0]} ${next[1] - 10}v20`} />}
    </g>
  );
}
