// Points, edges and pictures. Points are shares of the visible picture, x to the right and y down, unless a name says pixels.

export type Point = readonly [number, number];

/** Width and height in pixels. */
export interface Size {
  width: number;
  height: number;
}

/** Where the picture lies in its element, in CSS pixels. */
export interface Area extends Size {
  left: number;
  top: number;
}

/** The server keeps so many decimals: a fiftieth of a pixel of a picture that is 2,000 wide. */
const DECIMALS = 1e5;
/** Points nearer than this are one for the server. */
const SAME_POINT = 2.5e-5;

/** The largest area with the picture's shape in a box, in its middle: what `object-fit: contain` shows. */
export function letterbox(picture: Size, box: Size): Area {
  if (!(picture.width > 0 && picture.height > 0 && box.width > 0 && box.height > 0)) return { left: 0, top: 0, width: 0, height: 0 };
  const scale = Math.min(box.width / picture.width, box.height / picture.height);
  const [width, height] = [picture.width * scale, picture.height * scale];
  return { left: (box.width - width) / 2, top: (box.height - height) / 2, width, height };
}

/** A point in shares, of a place in the box in CSS pixels; within the picture, as the server keeps it. */
export function toShares([x, y]: Point, { left, top, width, height }: Area): Point {
  return kept([width > 0 ? (x - left) / width : 0, height > 0 ? (y - top) / height : 0]);
}

/** The other way. */
export function toPixels([x, y]: Point, { left, top, width, height }: Area): Point {
  return [left + x * width, top + y * height];
}

/** Within the picture, with the decimals that the server keeps. */
export function kept([x, y]: Point): Point {
  const one = (value: number): number => Math.round(Math.min(1, Math.max(0, value)) * DECIMALS) / DECIMALS;
  return [one(x), one(y)];
}

export function distance(a: Point, b: Point): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

/** The point halfway. */
export function middle(a: Point, b: Point): Point {
  return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
}

/** An edge of an outline: from point `at` to the next. */
export interface Edge {
  at: number;
  from: Point;
  to: Point;
}

/** The edges of a line, or of a zone, whose last point is joined with its first. */
export function edgesOf(points: readonly Point[], closed: boolean): Edge[] {
  const last = closed ? points.length : points.length - 1;
  return points.slice(0, Math.max(0, last)).flatMap((from, at) => {
    const to = points[(at + 1) % points.length];
    return to ? [{ at, from, to }] : [];
  });
}

/** The point that is nearest, if it is within `reach` pixels; all in pixels. */
export function vertexAt(points: readonly Point[], place: Point, reach: number): number | null {
  const [best] = points.map((point, at) => ({ at, far: distance(point, place) })).filter(({ far }) => far <= reach).sort((a, b) => a.far - b.far);
  return best?.at ?? null;
}

/** The edge that is nearest, if it is within `reach` pixels: it begins at the point with this number; all in pixels. */
export function edgeAt(points: readonly Point[], closed: boolean, place: Point, reach: number): number | null {
  const [best] = edgesOf(points, closed).map((edge) => ({ at: edge.at, far: distanceTo(place, edge) })).filter(({ far }) => far <= reach).sort((a, b) => a.far - b.far);
  return best?.at ?? null;
}

/** From a place to the nearest point of an edge. */
function distanceTo(place: Point, { from, to }: Pick<Edge, "from" | "to">): number {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const squared = dx * dx + dy * dy;
  const along = squared === 0 ? 0 : Math.min(1, Math.max(0, ((place[0] - from[0]) * dx + (place[1] - from[1]) * dy) / squared));
  return distance(place, [from[0] + along * dx, from[1] + along * dy]);
}

/** Whether a zone holds a place. */
export function holds(points: readonly Point[], [x, y]: Point): boolean {
  return edgesOf(points, true).reduce((inside, { from, to }) => {
    const passes = from[1] > y !== to[1] > y && x < ((to[0] - from[0]) * (y - from[1])) / (to[1] - from[1]) + from[0];
    return passes ? !inside : inside;
  }, false);
}

/** Two edges that cross or touch where they should not, by the points at which they begin. */
export function crossing(points: readonly Point[], closed: boolean): [number, number] | null {
  const edges = edgesOf(points, closed);
  for (const [i, a] of edges.entries()) {
    for (const b of edges.slice(i + 1)) {
      const neighbours = b.at - a.at === 1 || (closed && a.at === 0 && b.at === points.length - 1);
      if (neighbours ? foldsBack(a, b, points.length) : meet(a, b)) return [a.at, b.at];
    }
  }
  return null;
}

/** Two points that are in one place. */
export function doubled(points: readonly Point[]): [number, number] | null {
  for (const [i, a] of points.entries()) {
    const same = points.findIndex((b, j) => j > i && distance(a, b) < SAME_POINT);
    if (same >= 0) return [i, same];
  }
  return null;
}

/** Twice the area of a triangle, with a sign: positive if `c` lies to the right of the way from `a` to `b`. */
function turn(a: Point, b: Point, c: Point): number {
  return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
}

function meet(a: Edge, b: Edge): boolean {
  const [s1, s2] = [turn(a.from, a.to, b.from), turn(a.from, a.to, b.to)];
  const [s3, s4] = [turn(b.from, b.to, a.from), turn(b.from, b.to, a.to)];
  if (Math.sign(s1) * Math.sign(s2) < 0 && Math.sign(s3) * Math.sign(s4) < 0) return true;
  const on = (edge: Edge, side: number, p: Point): boolean => Math.abs(side) < 1e-12 && distanceTo(p, edge) < 1e-9;
  return on(a, s1, b.from) || on(a, s2, b.to) || on(b, s3, a.from) || on(b, s4, a.to);
}

/** Neighbours share a point; they may not lie on each other. */
function foldsBack(a: Edge, b: Edge, count: number): boolean {
  const [shared, before, after] = b.at === (a.at + 1) % count ? [a.to, a.from, b.to] : [a.from, a.to, b.from];
  const [ux, uy] = [before[0] - shared[0], before[1] - shared[1]];
  const [vx, vy] = [after[0] - shared[0], after[1] - shared[1]];
  return Math.abs(ux * vy - uy * vx) < 1e-12 && ux * vx + uy * vy > 0;
}

/** Twice the area of an outline, without sign. */
export function extentOf(points: readonly Point[]): number {
  return Math.abs(edgesOf(points, true).reduce((sum, { from, to }) => sum + from[0] * to[1] - to[0] * from[1], 0));
}

/** Where the arrow of a line in pixels stands, halfway along it, and the direction to the side that counts as in, of length 1. */
export function arrowOf(points: readonly Point[], inside: "left" | "right"): { at: Point; towards: Point } | null {
  const edges = edgesOf(points, false);
  const half = edges.reduce((sum, { from, to }) => sum + distance(from, to), 0) / 2;
  let walked = 0;
  for (const { from, to } of edges) {
    const length = distance(from, to);
    if (length > 0 && walked + length >= half) {
      const share = (half - walked) / length;
      const [dx, dy] = [(to[0] - from[0]) / length, (to[1] - from[1]) / length];
      // With y downwards, right of the way (dx, dy) is (-dy, dx).
      return { at: [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share], towards: inside === "right" ? [-dy, dx] : [dy, -dx] };
    }
    walked += length;
  }
  return null;
}

/** Where the name of an area stands: the middle of its corners. */
export function centreOf(points: readonly Point[]): Point {
  const sum = points.reduce<Point>(([x, y], [a, b]) => [x + a, y + b], [0, 0]);
  return [sum[0] / Math.max(1, points.length), sum[1] / Math.max(1, points.length)];
}

/** All points moved alike, as far as all of them stay within the picture. */
export function shifted(points: readonly Point[], [dx, dy]: Point): Point[] {
  const room = (axis: 0 | 1, by: number): number => Math.max(-Math.min(...points.map((p) => p[axis])), Math.min(1 - Math.max(...points.map((p) => p[axis])), by));
  const [x, y] = [room(0, dx), room(1, dy)];
  return points.map((p) => kept([p[0] + x, p[1] + y]));
}

/** Points after a motion: a11, a12, tx, a21, a22, ty, in shares. What would leave the picture stays at its border. */
export function movedAlong(points: readonly Point[], [a11, a12, tx, a21, a22, ty]: readonly [number, number, number, number, number, number]): Point[] {
  return points.map(([x, y]) => kept([a11 * x + a12 * y + tx, a21 * x + a22 * y + ty]));
}
