// What was seen, as columns of the timeline: buckets of the answers, put together until a column is wide enough to be seen.
import { endOf } from "./coverage";
import type { Density } from "./recordings";
import { spanOf, xOf, type View } from "./timescale";
import { kindOf, KINDS, type Kind } from "./words";

/** One column: its place in pixels, and of each kind the share of the row's height. */
export interface Column {
  x: number;
  wide: number;
  counts: [Kind, number][];
}

/** Columns are this wide at least, with the space between them. */
const WIDE_PX = 4;
const SPACE_PX = 1;
/** So many objects fill a column, or more where there are more: one alone is no crowd. */
const FEW = 4;
/** An answer for a much wider view says too little of this one once there is a better one. */
const COARSE_PX = 60;

/** The columns of a view. Answers that came later hide earlier ones where they overlap. */
export function columnsOf(densities: readonly Density[], view: View, width: number): Column[] {
  const found: Column[] = [];
  const perPx = spanOf(view) / Math.max(1, width);
  let hidden: View[] = [];
  for (const density of [...densities].reverse()) {
    const end = endOf(density);
    if (end <= view.from || density.from >= view.to || hidden.some((one) => one.from <= density.from && one.to >= end)) continue;
    if (density.step / perPx > COARSE_PX && hidden.length > 0) continue;
    const columns = grouped(density, Math.max(1, Math.ceil((WIDE_PX * perPx) / density.step)));
    const most = Math.max(FEW, ...columns.map(({ counts }) => total(counts)));
    for (const { from, to, counts } of columns) {
      if (to <= view.from || from >= view.to || hidden.some((one) => from < one.to && to > one.from)) continue;
      const sum = total(counts);
      // The root keeps one person visible beside a crowd.
      const high = Math.sqrt(sum / most);
      const x = xOf(view, width, from);
      found.push({ x, wide: Math.max(1, xOf(view, width, to) - x - SPACE_PX), counts: counts.map(([kind, count]) => [kind, (count / sum) * high]) });
    }
    hidden = [...hidden, { from: density.from, to: end }];
  }
  return found;
}

interface Group extends View {
  counts: [Kind, number][];
}

/** Of `size` buckets each; borders stand still when the view moves, or columns would flicker. */
function grouped(density: Density, size: number): Group[] {
  const { from, step } = density;
  const length = size * step;
  const groups = new Map<number, Map<Kind, number>>();
  for (const [name, counts] of Object.entries(density.classes)) {
    const kind = kindOf(name);
    const of = new Map<number, number>();
    counts.forEach((count, bucket) => {
      const group = Math.floor((from + bucket * step) / length);
      // One object is in several buckets: the fullest says how many there were.
      if (count > 0) of.set(group, Math.max(of.get(group) ?? 0, count));
    });
    for (const [group, count] of of) {
      const kinds = groups.get(group) ?? new Map<Kind, number>();
      groups.set(group, kinds.set(kind, (kinds.get(kind) ?? 0) + count));
    }
  }
  return [...groups].map(([group, kinds]) => ({
    from: group * length,
    to: (group + 1) * length,
    counts: KINDS.flatMap((kind) => (kinds.has(kind) ? [[kind, kinds.get(kind) ?? 0] as [Kind, number]] : [])),
  }));
}

function total(counts: readonly [Kind, number][]): number {
  return counts.reduce((sum, [, count]) => sum + count, 0);
}
