// One question at a time, always the newest.

/** Asks, tells each part of the answer, and ends with it; or when it is aborted. */
export type Asking<Q> = (question: Q, signal: AbortSignal) => Promise<void>;

/**
 * While a shape is dragged, each of its places is a question. The next is asked when the former has been answered, so that
 * the server never has two of them; an answer that takes longer than `patienceMs` and is not wanted any more is aborted.
 */
export class Newest<Q> {
  #running: AbortController | null = null;
  #next: { question: Q } | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #since = 0;
  readonly #ask: Asking<Q>;
  readonly #patienceMs: number;

  constructor(ask: Asking<Q>, patienceMs: number) {
    this.#ask = ask;
    this.#patienceMs = patienceMs;
  }

  /** Asks this instead of whatever was to be asked. */
  want(question: Q): void {
    if (this.#running === null) {
      void this.#run(question);
      return;
    }
    this.#next = { question };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#running?.abort(), Math.max(0, this.#since + this.#patienceMs - performance.now()));
  }

  /** Nothing is wanted any more. */
  drop(): void {
    this.#next = null;
    this.#running?.abort();
  }

  async #run(question: Q): Promise<void> {
    const running = new AbortController();
    this.#running = running;
    this.#since = performance.now();
    try {
      await this.#ask(question, running.signal);
    } finally {
      clearTimeout(this.#timer);
      this.#running = null;
      const next = this.#next;
      this.#next = null;
      if (next) void this.#run(next.question);
    }
  }
}

/** Hands over each line of a body as it comes. */
export async function eachLine(body: ReadableStream<Uint8Array>, each: (line: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    rest += decoder.decode(value, { stream: !done });
    const lines = rest.split("\n");
    rest = done ? "" : (lines.pop() ?? "");
    for (const line of lines) if (line.trim() !== "") each(line);
    if (done) return;
  }
}
