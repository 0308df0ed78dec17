// The dialog that says what each key does.
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

/** What each key does on a page. */
export type KeyWords = readonly (readonly [string, string])[];

/** Whether it is open. */
export const keysShown = signal(false);

export function Keys({ keys }: { keys: KeyWords }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const shown = keysShown.value;
  useEffect(() => {
    if (shown) dialog.current?.showModal();
    else dialog.current?.close();
  }, [shown]);
  return (
    <dialog ref={dialog} aria-label="Keys" onClose={() => (keysShown.value = false)}>
      <h2>Keys</h2>
      <dl>
        {keys.map(([key, words]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog">
        <button class="quiet">close</button>
      </form>
    </dialog>
  );
}

addEventListener("keydown", (event) => {
  const [target] = event.composedPath();
  if (event.key === "?" && !(target instanceof HTMLInputElement)) keysShown.value = true;
});
