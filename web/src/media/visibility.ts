// Whether an element can be seen, with patience: on the screen, and its page not in the background.

/** Out of sight for this long, it is not seen any more: whoever scrolls past comes back. */
const SCROLLED_MS = 2_000;
/** A page in the background for this long is not seen any more: whoever looks something up comes back. */
const HIDDEN_MS = 30_000;

/** Watches one element from `start` to `stop`; while it does not watch, the element counts as seen. */
export class Visibility {
  readonly #element: Element;
  readonly #onChange: () => void;
  #observer: IntersectionObserver | null = null;
  #abort: AbortController | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #onScreen = true;
  #seen = true;

  /** `onChange`: `seen` is another now. */
  constructor(element: Element, onChange: () => void) {
    this.#element = element;
    this.#onChange = onChange;
  }

  /** Whether it is, or was a moment ago. */
  get seen(): boolean {
    return this.#seen;
  }

  /** Begins, unless it has: the element counts as unseen until the browser says that it is on the screen. */
  start(): void {
    if (this.#observer) return;
    this.#onScreen = this.#seen = false;
    this.#observer = new IntersectionObserver(
      (entries) => {
        this.#onScreen = entries.at(-1)?.isIntersecting ?? false;
        this.#changed();
      },
      { rootMargin: "100px" },
    );
    this.#observer.observe(this.#element);
    this.#abort = new AbortController();
    document.addEventListener("visibilitychange", () => { this.#changed(); }, { signal: this.#abort.signal });
  }

  /** Ends. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#observer?.disconnect();
    this.#observer = null;
    this.#abort?.abort();
    this.#onScreen = this.#seen = true;
  }

  #changed(): void {
    clearTimeout(this.#timer);
    if (this.#onScreen && !document.hidden) {
      this.#tell(true);
    } else if (this.#seen) {
      const patience = this.#onScreen ? HIDDEN_MS : SCROLLED_MS;
      this.#timer = setTimeout(() => { this.#tell(false); }, patience);
    }
  }

  #tell(seen: boolean): void {
    if (seen === this.#seen) return;
    this.#seen = seen;
    this.#onChange();
  }
}
