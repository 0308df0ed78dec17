// What the viewer does on the playback page.
import { extent, gapBeside, visitBeside } from "./coverage";
import { faster, RATES, type Command } from "./playbackkeys";
import { seekAll, settle, stepAll } from "./players";
import type { Visit } from "./recordings";
import { at, chosen, coverage, drawer, ends, footages, frame, live, marks, paused, present, rate, said, scrubbing, view, visited, visits, visitsBeyond } from "./state";
import { around, atPresent, clamped, following, panned, showsPresent, spanOf, zoomed, type View } from "./timescale";
import { clock } from "./ticks";
import { lengthWords, reasonWords } from "./words";

/** A moment this near the present is the present. */
const LIVE_NEAR = 1.5;
/** The last picture before a gap is this near to it. */
const BEFORE_GAP = 0.04;
/** Seeks while the playhead is dragged. */
const SCRUB_MS = 90;
/** A visit that is jumped to is shown with so much of what was before and after it, as a multiple of its length. */
const VISIT_AROUND = 8;

/** Shows this part of time, within what there is. */
export function show(to: View): void {
  const there = extent(coverage.peek());
  view.value = clamped(to, { oldest: Math.min(there?.oldest ?? to.from, at.peek()), now: present() });
}

/** Goes to a moment; one that lies in the future is live. */
export function seek(to: number, mediaTime: string | null = null): void {
  const end = ends.peek();
  if (end === null && to >= present() - LIVE_NEAR) {
    goLive();
    return;
  }
  const t = end === null ? to : Math.min(to, end - BEFORE_GAP);
  const wasLive = live.peek();
  live.value = false;
  at.value = t;
  frame.value = mediaTime;
  if (wasLive) rate.value = 1;
  seekAll(mediaTime === null || chosen.peek().length > 1 ? null : `90k:${mediaTime}`);
  follow();
}

/** Brings the playhead into sight. */
export function follow(): void {
  const to = following(view.peek(), at.peek(), rate.peek() < 0);
  if (to !== view.peek() && !(live.peek() && showsPresent(view.peek(), present()))) show(to);
}

/** The right end: the cameras as they are. */
export function goLive(): void {
  const end = ends.peek();
  if (end !== null) {
    seek(end);
    return;
  }
  live.value = true;
  paused.value = false;
  rate.value = 1;
  at.value = present();
  frame.value = null;
  seekAll();
  view.value = atPresent(view.peek(), present());
}

let nextMs = 0;
let trailing: ReturnType<typeof setTimeout> | undefined;

/** The playhead is dragged: the pictures follow as fast as they can be had. */
export function scrub(t: number, done: boolean): void {
  clearTimeout(trailing);
  const bounded = Math.min(t, present());
  if (done) {
    scrubbing.value = false;
    seek(bounded);
    settle();
    return;
  }
  scrubbing.value = true;
  live.value = false;
  at.value = bounded;
  frame.value = null;
  const waitMs = nextMs - performance.now();
  const go = (): void => {
    nextMs = performance.now() + SCRUB_MS;
    seekAll();
  };
  if (waitMs <= 0) go();
  else trailing = setTimeout(go, waitMs);
}

export function setPaused(to: boolean): void {
  // Live that is paused is a recording from now on.
  if (to && live.peek()) {
    live.value = false;
    at.value = present();
    paused.value = true;
    seekAll();
    return;
  }
  paused.value = to;
  settle();
}

export function setRate(to: number): void {
  if (live.peek()) {
    // Nothing is faster than the present.
    if (to === 1 || to > 1) return;
    live.value = false;
    at.value = present() - 1;
    rate.value = to;
    paused.value = false;
    seekAll();
    return;
  }
  rate.value = RATES.find((one) => one === to) ?? 1;
  paused.value = false;
  settle();
}

function stepFrames(count: number): void {
  if (live.peek()) setPaused(true);
  paused.value = true;
  stepAll(count);
}

/** Jumps to a visit's first frame and plays. */
export function showVisit(visit: Visit): void {
  visited.value = new Set([...visited.peek(), visit.id]);
  const long = Math.max(20, (visit.to.unix - visit.from.unix) * VISIT_AROUND);
  if (spanOf(view.peek()) > 60 * long || spanOf(view.peek()) < long / VISIT_AROUND) show(around(visit.from.unix, Math.max(long, 600)));
  seek(visit.from.unix, chosen.peek().length === 1 ? visit.from.media_time : null);
}

async function goToVisit(direction: 1 | -1): Promise<void> {
  if (visits.peek() === null) return;
  const t = live.peek() ? present() : at.peek();
  const found = visitBeside(visits.peek() ?? [], t, direction) ?? visitBeside(await visitsBeyond.peek()(t, direction), t, direction);
  if (found) showVisit(found);
  else said.value = direction > 0 ? "No later visit." : "No earlier visit.";
}

function goToGap(direction: 1 | -1): void {
  const gap = gapBeside(footages(), at.peek(), direction);
  if (!gap) {
    said.value = direction > 0 ? "No later gap in sight." : "No earlier gap in sight.";
    return;
  }
  said.value = `Nothing is recorded from ${clock(gap.from)}, for ${lengthWords(gap.to - gap.from)}: ${reasonWords(gap.reason)}.`;
  paused.value = true;
  seek(gap.from - BEFORE_GAP);
}

export function mark(end: "in" | "out"): void {
  marks.value = { ...marks.peek(), [end]: at.peek() };
  said.value = `${end === "in" ? "Begins" : "Ends"} at ${clock(at.peek(), { fine: true })}.`;
}

function download(): void {
  const links = document.querySelectorAll<HTMLAnchorElement>("a[data-download]");
  if (links.length === 0) said.value = "Mark a beginning (I) and an end (O) first.";
  for (const link of links) link.click();
}

/** Does what a key or a button asks for. */
export function run(command: Command): void {
  const t = at.peek();
  switch (command.do) {
    case "toggle": setPaused(!paused.peek()); break;
    case "pause": setPaused(true); break;
    case "faster": setRate(faster(rate.peek(), paused.peek() && !live.peek(), command.direction)); break;
    case "frames": stepFrames(command.count); break;
    case "skip": seek(t + command.seconds); break;
    case "page": seek(t + (command.direction * spanOf(view.peek())) / 2); break;
    case "zoom": {
      const inSight = t >= view.peek().from && t <= view.peek().to;
      show(zoomed(view.peek(), command.factor, inSight ? t : (view.peek().from + view.peek().to) / 2));
      break;
    }
    case "oldest": {
      const there = extent(coverage.peek());
      if (there) seek(there.oldest);
      break;
    }
    case "live": goLive(); break;
    case "mark": mark(command.end); break;
    case "clear": marks.value = { in: null, out: null }; break;
    case "download": download(); break;
    case "export": drawer.value = "export"; break;
    case "lock": drawer.value = "locks"; break;
    case "visit": void goToVisit(command.direction); break;
    case "gap": goToGap(command.direction); break;
    case "jump": document.querySelector<HTMLElement>("[data-jump]")?.click(); break;
    case "fullscreen":
      if (document.fullscreenElement) void document.exitFullscreen();
      else void document.querySelector(".stages")?.requestFullscreen();
      break;
  }
}

/** Moves the timeline by so many pixels' worth of time, earlier if positive. */
export function pan(seconds: number): void {
  show(panned(view.peek(), seconds));
}
