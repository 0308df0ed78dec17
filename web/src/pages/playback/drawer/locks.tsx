// Locked footage: what is, and the form that locks more.
import { useState } from "preact/hooks";
import { Field } from "../../field";
import { Said, useForm } from "../../form";
import { toggled } from "../../scope";
import { seek } from "../actions";
import { chosen, coverage, nameOf, recorded, said, view } from "../state";
import { Check } from "./choices";
import { spanWords } from "./exportwords";
import { refocus } from "./focus";
import { lockAll, locksIn, unlock, type CameraLock } from "./locking";
import { openSpan, span, SpanFields } from "./span";

export function Locks() {
  const locks = locksIn(coverage.value, chosen.value, view.value);
  return (
    <>
      <p>Locked footage never gives way: neither to newer footage nor to age, until somebody unlocks it.</p>
      <LockForm />
      <h3>
        Locked <span class="count">{locks.length}</span>
      </h3>
      {locks.length === 0 && <p class="quiet">Nothing is locked in the time that the timeline shows.</p>}
      <ul class="jobs">
        {locks.map((lock) => <Entry key={`${lock.camera} ${lock.id}`} lock={lock} />)}
      </ul>
    </>
  );
}

function LockForm() {
  const { busy, said: refused, errors, send } = useForm();
  const [cameras, setCameras] = useState(() => {
    openSpan();
    return chosen.peek();
  });
  const [note, setNote] = useState("");
  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    if ((await send(() => lockAll(cameras, span.peek(), note))) === undefined) return;
    setNote("");
    said.value = `Locked: ${cameras.map(nameOf).join(", ")}.`;
  }
  return (
    <form onSubmit={(event) => void submit(event)}>
      {recorded.value.length > 1 && (
        <fieldset class="boxes">
          <legend>Cameras</legend>
          {recorded.value.map(({ id, name }) => (
            <Check key={id} on={cameras.includes(id)} turn={() => { setCameras(toggled(cameras, id)); }}>
              {name}
            </Check>
          ))}
        </fieldset>
      )}
      <SpanFields errors={errors} />
      <Field name="note" form="lock-" words="Note" hint="why it is kept; may be empty" errors={errors}>
        {(more) => <input {...more} value={note} maxLength={200} autocomplete="off" onInput={(event) => { setNote(event.currentTarget.value); }} />}
      </Field>
      <Said words={refused} />
      <p class="buttons">
        <button class="strong" disabled={busy || cameras.length === 0 || span.value.to <= span.value.from}>
          Lock
        </button>
      </p>
    </form>
  );
}

function Entry({ lock }: { lock: CameraLock }) {
  const [sure, setSure] = useState(false);
  const [trouble, setTrouble] = useState("");
  const name = `${nameOf(lock.camera)}, ${spanWords(lock.from, lock.to)}`;
  return (
    <li aria-label={name}>
      <b>{lock.note === "" ? "Locked" : lock.note}</b>
      <small>{[name, lock.by === null ? "" : `by ${lock.by}`].filter((words) => words !== "").join(" · ")}</small>
      <Said words={trouble} />
      <span class="buttons">
        <button type="button" class="quiet" aria-label={`Show ${name}`} onClick={() => { seek(lock.from); }}>
          Show
        </button>
        <button type="button" class="quiet" aria-label={`${sure ? "Unlock: it may be deleted then" : "Unlock"}: ${name}`} onBlur={() => { setSure(false); }} onClick={() => {
          if (sure) void unlock(lock).then((words) => { setTrouble(words); refocus(); });
          else setSure(true);
        }}>
          {sure ? "Unlock: it may be deleted then" : "Unlock"}
        </button>
      </span>
    </li>
  );
}
