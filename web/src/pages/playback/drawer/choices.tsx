// Checkboxes and radio buttons as the forms beside the pictures have them.
import type { ComponentChildren } from "preact";

/** One of several. */
export function Radio<T extends string>({ group, value, chosen, choose, words, hint, children }: {
  group: string;
  value: T;
  chosen: T;
  choose: (value: T) => void;
  words: string;
  hint?: string;
  children?: ComponentChildren;
}) {
  const id = `${group}-${value}`;
  return (
    <div class={value === chosen ? "option chosen" : "option"}>
      <label>
        <input type="radio" name={group} checked={value === chosen} onChange={() => { choose(value); }} {...(hint === undefined ? {} : { "aria-describedby": id })} />
        {words}
      </label>
      {hint !== undefined && <small id={id}>{hint}</small>}
      {value === chosen && children}
    </div>
  );
}

/** On or off. */
export function Check({ on, turn, disabled = false, children }: { on: boolean; turn: (on: boolean) => void; disabled?: boolean; children: ComponentChildren }) {
  return (
    <label>
      <input type="checkbox" checked={on} disabled={disabled} onChange={(event) => { turn(event.currentTarget.checked); }} />
      {children}
    </label>
  );
}
