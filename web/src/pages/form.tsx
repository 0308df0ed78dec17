// What forms have in common: how they are sent, and what the server says.
import { useState } from "preact/hooks";
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

/** What is wrong with a form as a whole. */
export function Said({ words }: { words: string }) {
  if (words === "") return null;
  return (
    <p class="trouble" role="alert">
      {words}
    </p>
  );
}
