// The area in hand: its name, what counts in it, its points, and what it would have counted.
import { useState } from "preact/hooks";
import type { AreaAnchor, InSide } from "../../wire";
import { change, flip, remove, settle } from "./actions";
import { Counts } from "./counts";
import { MOST_LETTERS, type Draft } from "./draft";
import { Points } from "./points";
import { current, preview } from "./preview";
import { drafts, faults } from "./state";
import { warningsOf } from "./warnings";

/** What most models know and most people count. */
const USUAL = ["person", "bicycle", "car", "bus", "truck"];

export function AreaForm({ draft, said }: { draft: Draft; said: string[] }) {
  const { key, name, kind } = draft;
  const wrong = [...said, ...(faults.value.find((fault) => fault.draft.key === key)?.words ?? [])];
  return (
    <div class="area">
      {wrong.map((words) => (
        <p key={words} class="trouble" role="alert">
          {words}
        </p>
      ))}
      {warningsOf(draft, current.value).map((words) => (
        <p key={words} class="warning" role="status">
          {words}
        </p>
      ))}
      {kind === "mask" ? (
        <p class="quiet">Who stands in it gets no box, is recorded in no track and counted nowhere, from when it is saved. The video shows it as ever.</p>
      ) : (
        <Counts draft={draft} kind={kind} />
      )}
      <div class="field">
        <label for={`name-${key}`}>Name</label>
        <input id={`name-${key}`} value={name} maxLength={MOST_LETTERS} autocomplete="off" onInput={(event) => { change(key, { name: event.currentTarget.value }, `${key} name`); }} onBlur={settle} />
      </div>
      {kind === "line" && (
        <div class="field">
          <label for={`in-${key}`}>In is</label>
          <span class="choice">
            <select id={`in-${key}`} value={draft.inside} onChange={(event) => { change(key, { inside: event.currentTarget.value as InSide }); }}>
              <option value="right">right, seen from point 1</option>
              <option value="left">left, seen from point 1</option>
            </select>
            <button type="button" class="quiet" onClick={() => { flip(key); }}>
              Swap
            </button>
          </span>
        </div>
      )}
      <Classes draft={draft} />
      <div class="field">
        <label for={`anchor-${key}`}>Where an object stands</label>
        <select id={`anchor-${key}`} value={draft.anchor} onChange={(event) => { change(key, { anchor: event.currentTarget.value as AreaAnchor }); }}>
          <option value="foot">foot: the middle of its lower edge</option>
          <option value="center">center: the middle of its box, seen from above</option>
          <option value="head">head: the middle of its upper edge, in crowds</option>
        </select>
      </div>
      <Points draft={draft} />
      <p class="buttons">
        <button type="button" class="quiet danger" onClick={() => { remove(key); }}>
          Delete {name.trim()}
        </button>
      </p>
    </div>
  );
}

function Classes({ draft: { key, kind, classes } }: { draft: Draft }) {
  const [more, setMore] = useState("");
  const known = [...new Set([...USUAL, ...drafts.value.flatMap((draft) => draft.classes), ...(preview.value?.classes ?? []).map((row) => row.class)])];
  const toggle = (name: string): void => {
    change(key, { classes: classes.includes(name) ? classes.filter((one) => one !== name) : [...classes, name] });
  };
  const add = (): void => {
    const name = more.trim();
    if (name !== "" && !classes.includes(name)) toggle(name);
    setMore("");
  };
  return (
    <fieldset class="classes-choice">
      <legend>{kind === "mask" ? "What is not detected" : "What counts"}</legend>
      <button type="button" class="quiet" aria-pressed={classes.length === 0} onClick={() => { change(key, { classes: [] }); }}>
        everything
      </button>
      {known.map((name) => (
        <button key={name} type="button" class="quiet" aria-pressed={classes.includes(name)} onClick={() => { toggle(name); }}>
          {name}
        </button>
      ))}
      <input
        aria-label="Another class, as the model names it"
        placeholder="another"
        size={8}
        value={more}
        onInput={(event) => { setMore(event.currentTarget.value); }}
        onBlur={add}
        onKeyDown={(event) => { if (event.key === "Enter") add(); }}
      />
    </fieldset>
  );
}
