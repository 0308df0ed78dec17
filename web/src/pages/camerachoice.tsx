// Cameras chosen by name, for users, tokens and view tokens.
import type { CameraInfo, KeyProblem } from "../wire";
import { atField } from "./fieldwords";
import { toggled } from "./scope";

/** A box to check for each camera. `chosen` is null for all of them, those to come included, which is offered with `all`. */
export function CameraChoice({ form, words, cameras, chosen, choose, all = false, errors }: {
  form: string;
  words: string;
  cameras: readonly CameraInfo[];
  chosen: readonly number[] | null;
  choose: (chosen: number[] | null) => void;
  all?: boolean;
  errors: KeyProblem[];
}) {
  const wrong = errors.filter(({ key }) => key === "cameras");
  const said = `field-${form}cameras-said`;
  const gone = (chosen ?? []).filter((id) => !cameras.some((camera) => camera.id === id));
  const box = (id: number, name: string) => (
    <label key={id}>
      <input type="checkbox" checked={chosen?.includes(id) ?? true} disabled={chosen === null} onChange={() => { choose(toggled(chosen ?? [], id)); }} />
      {name}
    </label>
  );
  return (
    <fieldset class={wrong.length > 0 ? "field boxes wrong" : "field boxes"} aria-describedby={said}>
      <legend>{words}</legend>
      {all && (
        <label>
          <input type="checkbox" checked={chosen === null} onChange={() => { choose(chosen === null ? [] : null); }} />
          all, and those to come
        </label>
      )}
      {cameras.map(({ id, name }) => box(id, name))}
      {gone.map((id) => box(id, `camera ${id}, which is gone`))}
      <small id={said} role={wrong.length > 0 ? "alert" : undefined}>
        {wrong.map(({ message }) => atField("cameras", message)).join("; ")}
      </small>
    </fieldset>
  );
}
