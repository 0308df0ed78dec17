// Asking a route again and again, less often while nobody looks.
import { signal, type ReadonlySignal } from "@preact/signals";
import type { Answer } from "./api";

/** The last good value, and the sentence of the last answer if that was none. */
export interface Polled<T> {
  value: ReadonlySignal<T | null>;
  /** Empty while all is well. */
  trouble: ReadonlySignal<string>;
  /** The HTTP status of an answer that was an error; null otherwise. */
  refused: ReadonlySignal<number | null>;
  /** Asks now: something was changed. */
  again(): void;
}

/** Asks at once and then every `everyMs` (five times as long in a hidden tab); `each` hears of every good answer. */
export function poll<T>(ask: () => Promise<Answer<T>>, everyMs: number, each: (value: T) => void = () => undefined): Polled<T> {
  const value = signal<T | null>(null);
  const trouble = signal("");
  const refused = signal<number | null>(null);
  let said = "";
  let timer: ReturnType<typeof setTimeout> | undefined;
  const round = async (): Promise<void> => {
    clearTimeout(timer);
    const answer = await ask();
    trouble.value = answer.ok ? "" : answer.words;
    refused.value = answer.ok ? null : answer.status;
    if (answer.ok) {
      const text = JSON.stringify(answer.value);
      // Nothing is drawn anew for an answer that says the same.
      if (text !== said) value.value = answer.value;
      said = text;
      each(answer.value);
    }
    clearTimeout(timer);
    timer = setTimeout(() => void round(), document.hidden ? 5 * everyMs : everyMs);
  };
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) void round();
  });
  void round();
  return { value, trouble, refused, again: () => void round() };
}
