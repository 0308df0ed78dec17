// What is drawn at the boxes.
import { useSignal } from "@preact/signals";
import { looks, visits } from "./state";

/** Which boxes are drawn, and what at them. */
export function Looks() {
  const hidden = useSignal<readonly string[]>([]);
  const classes = [...new Set((visits.value ?? []).map((visit) => visit.class))].sort();
  const set = (more: typeof looks.value): void => { looks.value = { ...looks.peek(), ...more }; };
  const hide = (name: string, on: boolean): void => {
    hidden.value = on ? hidden.peek().filter((one) => one !== name) : [...hidden.peek(), name];
    set({ classes: hidden.value.map((one) => `!${one}`).join(", ") });
  };
  return (
    <details class="choice">
      <summary>Boxes</summary>
      <fieldset>
        <legend class="spoken">What is drawn</legend>
        {(["boxes", "labels", "trails"] as const).map((name) => (
          <label key={name}>
            <input type="checkbox" checked={looks.value[`no-${name}`] !== true} onChange={(event) => { set({ [`no-${name}`]: !event.currentTarget.checked }); }} />
            {{ boxes: "Boxes", labels: "Labels", trails: "Trails" }[name]}
          </label>
        ))}
        {classes.length > 0 && <hr />}
        {classes.map((name) => (
          <label key={name}>
            <input type="checkbox" checked={!hidden.value.includes(name)} onChange={(event) => { hide(name, event.currentTarget.checked); }} />
            {name}
          </label>
        ))}
      </fieldset>
    </details>
  );
}
