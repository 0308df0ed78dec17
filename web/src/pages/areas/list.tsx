// The areas as a list: every one can be read, chosen and changed without seeing the picture.
import { counted } from "../facts/numbers";
import { choose } from "./actions";
import { colourOf } from "./colours";
import { AreaForm } from "./areaform";
import type { Draft } from "./draft";
import { chosen, drafts, faults, problems } from "./state";

export function List() {
  const all = drafts.value;
  const { rest } = problems.value;
  return (
    <section aria-label="Areas">
      <h2>{all.length === 0 ? "Areas" : counted(all.length, "area")}</h2>
      {rest.map((words) => (
        <p key={words} class="trouble" role="alert">
          {words}
        </p>
      ))}
      {all.length === 0 && (
        <p class="quiet">
          Nothing is drawn on this camera yet. A <b>line</b> counts who crosses it, in and out. A <b>zone</b> counts who comes into it, how long they stay, and how many are there at once. In a <b>mask</b> nothing is detected.
        </p>
      )}
      {all.length > 0 && chosen.value === null && <p class="quiet">Choose one, here or on the picture, to move it and to see what it would have counted.</p>}
      <ul class="areas">
        {all.map((draft, at) => (
          <Entry key={draft.key} draft={draft} at={at} />
        ))}
      </ul>
    </section>
  );
}

function Entry({ draft, at }: { draft: Draft; at: number }) {
  const isChosen = chosen.value === draft.key;
  const said = problems.value.of.get(draft.key) ?? [];
  const wrong = said.length > 0 || faults.value.some((fault) => fault.draft.key === draft.key);
  return (
    <li class={isChosen ? "chosen" : ""}>
      <button type="button" class="head" aria-expanded={isChosen} onClick={() => { choose(isChosen ? null : draft.key); }}>
        <i class={`swatch ${draft.kind}`} style={{ color: colourOf(at) }} aria-hidden="true" />
        <span>{draft.name.trim() || "without a name"}</span>
        <small>
          {draft.kind}
          {draft.classes.length > 0 && `, ${draft.classes.join(", ")}`}
          {wrong && <b class="trouble"> wrong</b>}
        </small>
      </button>
      {isChosen && <AreaForm draft={draft} said={said} />}
    </li>
  );
}
