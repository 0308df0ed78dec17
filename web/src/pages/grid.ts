// How many columns let pictures of 16:9 fill a window best.

/** Columns for `count` tiles in `width` x `height`, each with `barPx` of text beneath its 16:9 picture. */
export function gridColumns(count: number, width: number, height: number, barPx: number): number {
  let best = 1;
  let bestWidth = 0;
  for (let columns = 1; columns <= Math.max(1, count); columns++) {
    const rows = Math.ceil(count / columns);
    const byHeight = ((height / rows - barPx) * 16) / 9;
    const tile = Math.min(width / columns, byHeight);
    if (tile > bestWidth) [best, bestWidth] = [columns, tile];
  }
  return best;
}

/** The least width of a tile in a window of `width`: a wide one has many small tiles, a narrow one is scrolled instead. */
export function tileMin(width: number): number {
  return width < 900 ? 280 : 160;
}
