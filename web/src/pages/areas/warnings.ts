// What is wrong with a drawing, and what is likely not meant.
import type { AreaPreview } from "../../wire";
import { counted } from "../facts/numbers";
import { fewest, isClosed, MOST_LETTERS, MOST_POINTS, type Draft } from "./draft";
import { crossing, doubled, edgesOf, extentOf, type Point } from "./geometry";

/** Nearer to the border than this share of the picture, objects come and go before they were seen on both sides. */
const BORDER = 0.05;
/** Twice this share of the picture is less than a person takes in most pictures. */
const SMALL = 0.002;

/** Sentences on what keeps an area from being saved. */
export function faultsOf(draft: Draft, drafts: readonly Draft[]): string[] {
  const { kind, points } = draft;
  const name = draft.name.trim();
  const faults: string[] = [];
  if (name === "") faults.push("It needs a name.");
  if (Array.from(name).length > MOST_LETTERS) faults.push(`Its name may have ${MOST_LETTERS} characters.`);
  if (drafts.some((other) => other.key !== draft.key && other.name.trim() === name && name !== "")) faults.push(`Another area is called ${name}: give each its own name.`);
  if (points.length < fewest(kind)) faults.push(`A ${kind} needs ${fewest(kind)} points or more.`);
  if (points.length > MOST_POINTS) faults.push(`A ${kind} may have ${MOST_POINTS} points.`);
  return [...faults, ...shapeFaults(points, isClosed(kind))];
}

function shapeFaults(points: readonly Point[], closed: boolean): string[] {
  const same = doubled(points);
  if (same) return [`Points ${same[0] + 1} and ${same[1] + 1} are in the same place: remove one of them.`];
  const crossed = crossing(points, closed);
  if (crossed) return [`It crosses itself: the edges from point ${crossed[0] + 1} and from point ${crossed[1] + 1} meet. Move a point.`];
  return closed && points.length >= 3 && extentOf(points) < 1e-6 ? ["Its points lie on a straight line, so that nothing is inside: move one of them."] : [];
}

/** Sentences on what may be saved, and yet is likely not meant. `preview` is of this very drawing, or null. */
export function warningsOf({ kind, points }: Draft, preview: AreaPreview | null): string[] {
  const warnings: string[] = [];
  if (kind === "line" && edgesOf(points, false).some(({ from, to }) => alongBorder(from, to))) {
    warnings.push("It runs along the border of the picture, nearer than 5 % or a person's height: who comes or goes there may not be seen on both sides. Draw it further inside.");
  }
  if (kind === "zone" && points.length >= 3 && extentOf(points) < 2 * SMALL) warnings.push("It is very small: objects may pass it between two pictures.");
  if (preview?.complete === true) {
    if (preview.tracks === 0) warnings.push("Nothing at all was seen by this camera in that time.");
    else if (preview.in + preview.out + preview.visits === 0) {
      const among = `${counted(preview.tracks, "track was", "tracks were")} seen, and none ${kind === "line" ? "crossed it" : "came into it"}`;
      warnings.push(`Nobody was ever here: ${among}.`);
    }
  }
  return warnings;
}

/** Both ends near the same border. A line that only ends at a border is as it should be. */
function alongBorder(from: Point, to: Point): boolean {
  return ([0, 1] as const).some((axis) => (from[axis] < BORDER && to[axis] < BORDER) || (from[axis] > 1 - BORDER && to[axis] > 1 - BORDER));
}
