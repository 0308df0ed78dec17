// The points of the area in hand as numbers, for those who do not drag.
import { counted } from "../facts/numbers";
import { insertPoint, movePoint, removePoint, settle } from "./actions";
import { fewest, MOST_POINTS, type Draft } from "./draft";
import type { Point } from "./geometry";
import { vertex } from "./state";

export function Points({ draft }: { draft: Draft }) {
  const { points, kind } = draft;
  return (
    <details class="points">
      <summary>{counted(points.length, "point")}, in percent of the picture</summary>
      <ol>
        {points.map((point, at) => (
          <li key={at} class={vertex.value === at ? "chosen" : ""}>
            <Share at={at} axis={0} point={point} words={`Point ${at + 1}, from the left`} />
            <Share at={at} axis={1} point={point} words={`Point ${at + 1}, from above`} />
            <button type="button" class="quiet" disabled={points.length >= MOST_POINTS} aria-label={`Add a point after point ${at + 1}`} onClick={() => { insertPoint(at); }}>
              Add
            </button>
            <button type="button" class="quiet" disabled={points.length <= fewest(kind)} aria-label={`Remove point ${at + 1}`} onClick={() => { removePoint(at); }}>
              Remove
            </button>
          </li>
        ))}
      </ol>
    </details>
  );
}

function Share({ at, axis, point, words }: { at: number; axis: 0 | 1; point: Point; words: string }) {
  return (
    <input
      type="number"
      min={0}
      max={100}
      step={0.1}
      aria-label={words}
      value={Math.round(point[axis] * 1000) / 10}
      onFocus={() => { vertex.value = at; }}
      onBlur={settle}
      onChange={(event) => {
        const share = event.currentTarget.valueAsNumber / 100;
        if (Number.isFinite(share)) movePoint(at, axis === 0 ? [share, point[1]] : [point[0], share], `number ${at}`);
      }}
    />
  );
}
