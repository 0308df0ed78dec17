// An area as it stands in the editor, between what the server told and what it is to be told.
import { capitalised } from "../../media/words";
import type { AreaAnchor, AreaEdit, AreaInfo, AreaKind, InSide, KeyProblem } from "../../wire";
import { kept, type Point } from "./geometry";

/** What can be drawn: areas that count, and masks, in which nothing is detected. */
export type DrawnKind = AreaKind | "mask";

export interface Draft {
  /** Names it in this page only: names are edited. */
  key: number;
  name: string;
  kind: DrawnKind;
  points: Point[];
  inside: InSide;
  classes: string[];
  anchor: AreaAnchor;
  /** The name that the server knows it by; null for one that is not saved yet. */
  was: string | null;
}

/** Most areas of a camera, and most points of one. */
export const MOST_AREAS = 32;
export const MOST_POINTS = 64;
/** Longest name. */
export const MOST_LETTERS = 60;

let keys = 0;

/** A number that no draft has. */
function newKey(): number {
  return ++keys;
}

/** A draft of what was drawn here. */
export function newDraft(name: string, kind: DrawnKind, points: Point[]): Draft {
  return { key: newKey(), name, kind, points, inside: "right", classes: [], anchor: "foot", was: null };
}

/** A draft of what the server told. */
export function draftOf(area: AreaInfo): Draft {
  const { name, line, zone, mask, classes, anchor } = area;
  return { key: newKey(), name, kind: line ? "line" : mask ? "mask" : "zone", points: (line ?? zone ?? mask ?? []).map(kept), inside: area.in, classes: [...classes], anchor, was: name };
}

/** What the server is told of a draft. */
export function editOf({ name, kind, points, inside, classes, anchor, was }: Draft): AreaEdit {
  const shape = points.map(([x, y]): [number, number] => [...kept([x, y])]);
  const drawn = kind === "line" ? { line: shape, in: inside } : { [kind]: shape };
  const called = name.trim();
  return { name: called, ...drawn, classes, anchor, ...(was === null || was === called ? {} : { was }) };
}

/** Whether the server would be told the same of both. */
export function isSame(a: readonly Draft[], b: readonly Draft[]): boolean {
  return JSON.stringify(a.map(editOf)) === JSON.stringify(b.map(editOf));
}

/** `wanted`, or with a number where an area has that name: "Door", "Door 2". */
export function freeName(wanted: string, drafts: readonly Pick<Draft, "name">[]): string {
  const taken = (name: string): boolean => drafts.some((draft) => draft.name.trim() === name);
  let name = wanted;
  for (let number = 2; taken(name); number++) name = `${wanted} ${number}`;
  return name;
}

/** The points with one more after point `at`. */
export function withPoint(points: readonly Point[], at: number, place: Point): Point[] {
  return points.toSpliced(at + 1, 0, kept(place));
}

/** Whether its last point is joined with its first. */
export function isClosed(kind: DrawnKind): boolean {
  return kind !== "line";
}

/** Fewest points that make a shape. */
export function fewest(kind: DrawnKind): number {
  return isClosed(kind) ? 3 : 2;
}

/** Which of the server's problems belong to which draft, by its key, and which to none. */
export function problemsOf(errors: readonly KeyProblem[], words: string, drafts: readonly Draft[]): { of: Map<number, string[]>; rest: string[] } {
  const of = new Map<number, string[]>();
  const rest: string[] = [];
  const all = errors.length > 0 ? errors : [{ key: null, message: words }];
  for (const { key, message } of all) {
    // "areas[2].line", or the area's name in the message, in quotation marks.
    const number = /^areas?[.[](\d+)/.exec(key ?? "")?.[1];
    const draft = number === undefined ? drafts.find(({ name }) => key === name.trim() || message.includes(JSON.stringify(name.trim()))) : drafts[Number(number)];
    // It stands at the area, which has its name beside it.
    if (draft) of.set(draft.key, [...(of.get(draft.key) ?? []), capitalised(message.replace(`area ${JSON.stringify(draft.name.trim())}: `, ""))]);
    else rest.push(message);
  }
  return { of, rest };
}
