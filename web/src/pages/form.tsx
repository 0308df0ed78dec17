// What forms have in common: how they are sent, and what the server says.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { KeyProblem } from "../wire";
import type { Answer } from "./api";

/** The state of a form: whether it is on its way, what is said of it as a whole, and what of its fields. */
export function useForm() {
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState("");
  const [errors, setErrors] = useState<KeyProblem[]>([]);
  async function send<T>(work: () => Promise<Answer<T>>): Promise<T | undefined> {
    setBusy(true);
    setErrors([]);
    setSaid("");
    const answer = await work();
    setBusy(false);
    if (answer.ok) return answer.value;
    setErrors(answer.errors);
    // What stands at a field is not said twice.
    setSaid(answer.errors.some(({ key }) => key !== null) ? "" : answer.words);
    return undefined;
  }
  return { busy, said, errors, setErrors, send };
}

/**
 * For a form that a button opens: the first field has the focus, Esc closes, and then the button has it again, or the one
 * that stands in when that is gone. The buttons are named by their ids.
 */
export function useOpened(button: string, standIn: string, close: () => void) {
  const form = useRef<HTMLFormElement>(null);
  const gone = useRef(false);
  // At once, not after the next paint: who closes it before that wants the focus back as well.
  useLayoutEffect(() => {
    form.current?.querySelector<HTMLElement>("input, select")?.focus();
    return () => {
      // The button comes back with the drawing that takes the form away; who is elsewhere by then stays there.
      requestAnimationFrame(() => {
        const free = document.activeElement === null || document.activeElement === document.body;
        if (free) (document.getElementById(gone.current ? standIn : button) ?? document.getElementById(standIn))?.focus();
      });
    };
  }, []);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Escape") close();
  };
  return { form, onKeyDown, goes: (): void => { gone.current = true; } };
}

/** What is wrong with a form as a whole. */
export function Said({ words }: { words: string }) {
  if (words === "") return null;
  return (
    <p class="trouble" role="alert">
      {words}
    </p>
  );
}
