// What the server says of the session: asked for when the picture changes its size, and now and then.
import type { ViewerSession } from "../wire";

/** While something else than the camera's stream is shown, and otherwise. Less is closer to what happens, and asks more often. */
const OFTEN_MS = 2_000;
const SELDOM_MS = 10_000;

/** The newest report on one player's session. */
export class SessionReports {
  readonly #fetch: () => Promise<ViewerSession | null>;
  readonly #onReport: (report: ViewerSession | null) => void;
  /** Null before the first of a session. */
  newest: ViewerSession | null = null;
  #askedMs = -Infinity;
  /** Of the frame shown last; empty before the first of a session. */
  #size = "";

  /** `fetch` never rejects; `onReport`: there is another, or none any more. */
  constructor(fetch: () => Promise<ViewerSession | null>, onReport: (report: ViewerSession | null) => void) {
    this.#fetch = fetch;
    this.#onReport = onReport;
  }

  /** The server said this; null: the session is over, and what was said of it says nothing of the next. */
  add(report: ViewerSession | null): void {
    this.newest = report;
    if (!report) this.#size = "";
    this.#onReport(report);
  }

  /** Asks now. */
  async ask(nowMs: number): Promise<ViewerSession | null> {
    this.#askedMs = nowMs;
    const report = await this.#fetch();
    if (report) this.add(report);
    return report;
  }

  /** The newest; if it is old, another. */
  async recent(nowMs: number): Promise<ViewerSession | null> {
    return nowMs - this.#askedMs < OFTEN_MS && this.newest ? this.newest : this.ask(nowMs);
  }

  /** A frame of this size is shown: with another size than before it may be another encoding. */
  shown(width: number, height: number, nowMs: number): void {
    const size = `${width}x${height}`;
    if (size === this.#size) return;
    this.#size = size;
    void this.ask(nowMs);
  }

  /** Time passes while frames of this encoding are shown. */
  tick(rendition: string | undefined, nowMs: number): void {
    const everyMs = rendition === "camera" ? SELDOM_MS : OFTEN_MS;
    if (this.#size !== "" && nowMs - this.#askedMs >= everyMs) void this.ask(nowMs);
  }
}
