// A field of a form: its words, a hint, and what the server found wrong with it.
import type { ComponentChildren } from "preact";
import type { KeyProblem } from "../wire";
import { atField } from "./fieldwords";

/** What the field's control takes over. */
export interface FieldControl {
  id: string;
  "aria-describedby": string;
  "aria-invalid": boolean;
}

/** A field with its words, and what the server found wrong with it. `form` tells apart fields of the same name on one page. */
export function Field({ name, form = "", words, hint, errors, children }: {
  name: string;
  form?: string;
  words: string;
  hint?: string | undefined;
  errors: KeyProblem[];
  children: (more: FieldControl) => ComponentChildren;
}) {
  const wrong = errors.filter(({ key }) => key === name);
  const id = `field-${form}${name}`;
  return (
    <div class={wrong.length > 0 ? "field wrong" : "field"}>
      <label for={id}>{words}</label>
      {children({ id, "aria-describedby": `${id}-said`, "aria-invalid": wrong.length > 0 })}
      <small id={`${id}-said`} role={wrong.length > 0 ? "alert" : undefined}>
        {wrong.length > 0 ? wrong.map(({ message }) => atField(name, message)).join("; ") : hint}
      </small>
    </div>
  );
}
