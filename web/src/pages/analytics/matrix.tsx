// How hours and weekdays differ: a table whose cells are coloured.
import { useRef, useState } from "preact/hooks";
import { decimal, weekdayOf } from "../facts/numbers";
import { Nothing, Panel } from "./panel";
import { history, main, open, series, told, USUAL_STEP } from "./state";
import { hoursLike, matrixOf, type Series } from "./sums";

const hourWords = (hour: number): string => new Date(2024, 0, 1, hour).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });

export function MatrixPanel() {
  // Hours of a week at least are their own; of less there are no weekdays to compare.
  const own = told.value?.period.range === "7d" && told.value.facts.step_s === USUAL_STEP;
  const from = own ? series.value : history.value;
  const matrix = from && matrixOf(from, main.value);
  const most = Math.max(1, ...(matrix ?? []).flat().map((value) => value ?? 0));
  const known = matrix?.some((row) => row.some((value) => value !== null)) === true;
  const title = "Weekday and hour";
  const table = () => ({
    head: ["Hour", ...Array.from({ length: 7 }, (_, day) => weekdayOf(day, "short"))],
    rows: Array.from({ length: 24 }, (_, hour) => ({ cells: [hourWords(hour), ...(matrix ?? []).map((row) => decimal(row[hour] ?? null))] })),
  });
  return (
    <Panel name="matrix" title={title} table={known ? table : null} more={known && (
      <span class="legend scale">{own ? "7 days" : "5 weeks"}: 0<i class="ramp" />{decimal(most)} an hour</span>
    )}>
      {from && matrix && known ? <Cells matrix={matrix} most={most} from={from} /> : <Nothing words={matrix ? "Not a whole hour was watched yet." : "…"} />}
    </Panel>
  );
}

/** One cell can be reached with Tab, the others from there with the arrows. */
function Cells({ matrix, most, from }: { matrix: readonly (readonly (number | null)[])[]; most: number; from: Series }) {
  const table = useRef<HTMLTableElement>(null);
  const [[day, hour], setAt] = useState<readonly [number, number]>([0, 8]);
  const show = (d: number, h: number): void => {
    const spans = hoursLike(from, d, h).map((at) => ({ from: at, to: at + USUAL_STEP }));
    open(`${weekdayOf(d, "long")}, ${hourWords(h)} to ${hourWords(h + 1)}`, { spans });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!step) return;
    const next = [Math.max(0, Math.min(6, day + (step[0] ?? 0))), Math.max(0, Math.min(23, hour + (step[1] ?? 0)))] as const;
    setAt(next);
    table.current?.querySelector<HTMLElement>(`[data-cell="${next[0]} ${next[1]}"]`)?.focus();
    event.preventDefault();
  };
  return (
    <table class="cells" ref={table} onKeyDown={onKeyDown}>
      <thead>
        <tr>
          <th scope="col"><span class="spoken">Weekday</span></th>
          {Array.from({ length: 24 }, (_, h) => (
            <th key={h} scope="col">{h % 6 === 0 ? h : ""}<span class="spoken">{hourWords(h)}</span></th>
          ))}
        </tr>
      </thead>
      <tbody>
        {matrix.map((row, d) => (
          <tr key={d}>
            <th scope="row">{weekdayOf(d, "short")}</th>
            {row.map((value, h) => {
              const words = `${weekdayOf(d, "long")}, ${hourWords(h)}: ${value === null ? "nothing known" : decimal(value)}`;
              return (
                <td key={h}>
                  <button type="button" data-cell={`${d} ${h}`} class={value === null ? "unknown" : ""} tabindex={d === day && h === hour ? 0 : -1} style={{ "--part": `${Math.round(((value ?? 0) / most) * 100)}%` }}
                    title={words} aria-label={words} onClick={() => { setAt([d, h]); show(d, h); }} />
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
