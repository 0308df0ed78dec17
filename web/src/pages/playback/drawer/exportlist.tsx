// The exports that there are, and how far they are.
import { useEffect, useState } from "preact/hooks";
import type { ExportInfo } from "../../../wire";
import { Said } from "../../form";
import { nameOf } from "../state";
import { formatWords, spanWords, stateWords } from "./exportwords";
import { refocus } from "./focus";
import { drop, exported, exportTrouble, fileHref, look } from "./jobs";

export function ExportList() {
  useEffect(() => void look(), []);
  const all = exported.value;
  return (
    <>
      <Said words={exportTrouble.value} />
      {all?.length === 0 && <p class="quiet">Nothing was exported yet, or it has expired.</p>}
      <ul class="jobs">
        {(all ?? []).map((one) => <Job key={one.id} one={one} />)}
      </ul>
    </>
  );
}

function Job({ one }: { one: ExportInfo }) {
  const { id, name, state, progress, cameras, from, to, by } = one;
  const isOver = state === "done" || state === "failed";
  return (
    <li class={state} aria-label={name}>
      <b>{name}</b>
      <small>{[formatWords(one), cameras.map(nameOf).join(", "), spanWords(from.unix, to.unix), by === null ? "" : `by ${by}`].filter((words) => words !== "").join(" · ")}</small>
      {!isOver && <progress aria-label={`${name}: how far it is`} max={1} {...(state === "running" ? { value: progress } : {})} />}
      <span class="state-words">{stateWords(one)}</span>
      <span class="buttons">
        {state === "done" && (
          <a class="download" href={fileHref(id)} download={one.file ?? ""} aria-label={`Download ${name}`}>
            Download
          </a>
        )}
        {isOver ? <Delete one={one} /> : (
          <button type="button" class="quiet" aria-label={`Cancel ${name}`} onClick={() => void drop(id).then(refocus)}>
            Cancel
          </button>
        )}
      </span>
    </li>
  );
}

/** What was made takes a second press; what failed is gone at once. */
function Delete({ one: { id, name, state } }: { one: ExportInfo }) {
  const [asked, setAsked] = useState(false);
  const words = asked ? "Delete for good" : "Delete";
  return (
    <button type="button" class="quiet" aria-label={`${words}: ${name}`} onBlur={() => { setAsked(false); }} onClick={() => {
      if (asked || state === "failed") void drop(id).then(refocus);
      else setAsked(true);
    }}>
      {words}
    </button>
  );
}
