// Which part of time the timeline shows, and where on it a moment lies. Times are UNIX seconds, places are CSS pixels.

/** The part that is shown. */
export interface View {
  from: number;
  to: number;
}

/** What there is to be shown. */
export interface Bounds {
  /** The first moment of anybody's footage. */
  oldest: number;
  now: number;
}

/** The closest look: seconds across the timeline. */
export const SPAN_MIN = 4;
/** The widest look: 90 days. */
export const SPAN_MAX = 90 * 86_400;
/** The present is not glued to the right edge: this share of the timeline lies after it. */
const AHEAD = 0.04;
/** And before the first footage. */
const BEHIND = 0.04;

export const spanOf = ({ from, to }: View): number => to - from;

/** Where `t` lies on a timeline of `width`. */
export function xOf(view: View, width: number, t: number): number {
  return ((t - view.from) / spanOf(view)) * width;
}

/** The moment at `x`. */
export function tOf(view: View, width: number, x: number): number {
  return view.from + (width > 0 ? x / width : 0) * spanOf(view);
}

/** Shows `factor` times as much time, with `pivot` where it was: above 1 zooms out. */
export function zoomed(view: View, factor: number, pivot: number): View {
  const before = spanOf(view);
  const span = Math.min(SPAN_MAX, Math.max(SPAN_MIN, before * factor));
  const from = pivot - ((pivot - view.from) / before) * span;
  return { from, to: from + span };
}

/** Moves by so many seconds, later if positive. */
export function panned(view: View, seconds: number): View {
  return { from: view.from + seconds, to: view.to + seconds };
}

/** A view of `span` seconds with `t` at `share` of its width. */
export function around(t: number, span: number, share = 0.5): View {
  const fit = Math.min(SPAN_MAX, Math.max(SPAN_MIN, span));
  return { from: t - fit * share, to: t + fit * (1 - share) };
}

/** The view with the present at its right end. */
export function atPresent(view: View, now: number): View {
  return around(now, spanOf(view), 1 - AHEAD);
}

/** Whether the present is in sight. */
export function showsPresent(view: View, now: number): boolean {
  return view.to >= now;
}

/** Keeps a view within what there is. Where all fits into it, the present is at the right end. */
export function clamped(view: View, { oldest, now }: Bounds): View {
  const span = Math.min(SPAN_MAX, Math.max(SPAN_MIN, spanOf(view)));
  const latest = now + span * AHEAD;
  const earliest = oldest - span * BEHIND;
  const to = Math.min(latest, Math.max(view.to, Math.min(latest, earliest + span)));
  return { from: to - span, to };
}

/** The view that has `t` in sight: this one, or one that begins shortly before `t` (ends shortly after it, when time runs backwards). */
export function following(view: View, t: number, backwards = false): View {
  const margin = spanOf(view) * 0.02;
  if (t >= view.from + margin && t <= view.to - margin) return view;
  return around(t, spanOf(view), backwards ? 0.9 : 0.1);
}
