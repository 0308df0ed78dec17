// From when to when, as fields: they are the marks of the timeline, which show it and can be moved meanwhile.
import { computed, signal } from "@preact/signals";
import type { KeyProblem } from "../../../wire";
import { Field } from "../../field";
import { fieldValue, ofField } from "../moment";
import { at, marked, marks, present } from "../state";
import type { View } from "../timescale";
import { lengthWords } from "../words";
import { spanFor } from "./request";

const opened = signal<View>({ from: 0, to: 0 });
/** What is meant; without marks it stays what it was when the fields were opened. */
export const span = computed(() => marked.value ?? (marks.value.in === null && marks.value.out === null ? opened.value : spanFor(marks.value, opened.value.from, present())));

/** The fields are opened: without marks the moment that is shown now is meant. */
export function openSpan(): void {
  opened.value = spanFor(marks.peek(), at.peek(), present());
}

export function SpanFields({ errors }: { errors: KeyProblem[] }) {
  const { from, to } = span.value;
  const set = (end: "in" | "out", value: string): void => {
    const t = ofField(value);
    if (t !== null) marks.value = { in: marks.peek().in ?? from, out: marks.peek().out ?? to, [end]: t };
  };
  const unmarked = marks.value.in === null && marks.value.out === null;
  return (
    <>
      <div class="pair">
        {(["from", "to"] as const).map((name) => {
          const end = name === "from" ? "in" : "out";
          const t = marks.value[end] ?? (name === "from" ? from : to);
          return (
            <Field key={name} name={name} form="span-" words={name === "from" ? "From" : "To"} errors={errors}>
              {(more) => <input {...more} type="datetime-local" step="1" required max={fieldValue(present())} value={fieldValue(t)} onChange={(event) => { set(end, event.currentTarget.value); }} />}
            </Field>
          );
        })}
      </div>
      <p class="quiet length">
        {lengthWords(to - from)}
        {unmarked && " around what is shown. Mark another span with I and O, also while this is open."}
      </p>
    </>
  );
}
