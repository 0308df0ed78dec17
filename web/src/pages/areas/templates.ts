// Shapes ready to be placed, with a name.
import { freeName, newDraft, type Draft, type DrawnKind } from "./draft";
import type { Point } from "./geometry";

interface Shape {
  name: string;
  kind: DrawnKind;
  points: Point[];
}

export interface Template {
  /** As its button says. */
  words: string;
  /** What it is good for. */
  hint: string;
  shapes: Shape[];
}

const box = (left: number, top: number, right: number, bottom: number): Point[] => [[left, top], [right, top], [right, bottom], [left, bottom]];

export const TEMPLATES: Template[] = [
  { words: "Door", hint: "a line across the middle: who comes in, who goes out", shapes: [{ name: "Door", kind: "line", points: [[0.3, 0.6], [0.7, 0.6]] }] },
  {
    words: "Lane",
    hint: "two lines one after the other: vehicles that pass both drive the lane",
    shapes: [
      { name: "Lane, first line", kind: "line", points: [[0.25, 0.45], [0.75, 0.45]] },
      { name: "Lane, second line", kind: "line", points: [[0.2, 0.75], [0.8, 0.75]] },
    ],
  },
  { words: "Queue", hint: "a zone: how many wait, and how long", shapes: [{ name: "Queue", kind: "zone", points: box(0.2, 0.4, 0.8, 0.8) }] },
  { words: "Counter", hint: "a zone before a counter or a desk: whether somebody is there", shapes: [{ name: "Counter", kind: "zone", points: box(0.35, 0.5, 0.65, 0.85) }] },
  { words: "No-go zone", hint: "a zone where nobody should be", shapes: [{ name: "No-go zone", kind: "zone", points: box(0.3, 0.3, 0.7, 0.7) }] },
];

/** The drafts of a template, under names that are free beside `drafts`. */
export function placed({ shapes }: Template, drafts: readonly Draft[]): Draft[] {
  const made: Draft[] = [];
  for (const { name, kind, points } of shapes) made.push(newDraft(freeName(name, [...drafts, ...made]), kind, points));
  return made;
}
