// The two things the player asks the server for over HTTP: the newest picture, and why there is none.
import type { CameraStatus, Stats } from "../wire";
import { authorization, problemOf, type Origin } from "./origin";
import { Picture } from "./picture";
import type { StatusAnswer } from "./words";

const POLL_MS = 2_000;
const MODEL_MS = 3_000;

/** The newest picture of a camera, and the RTP timestamp of its frame; null if there is none to be had. */
export async function fetchSnapshot(
  origin: Origin,
  camera: number,
  signal: AbortSignal,
): Promise<{ picture: Picture; rtp: number | null } | null> {
  try {
    const url = `${origin.base}/api/cameras/${camera}/snapshot.jpg`;
    const response = await fetch(url, { headers: authorization(origin), cache: "no-store", signal });
    if (!response.ok) return null;
    const header = response.headers.get("x-rtp-timestamp");
    const rtp = header === null ? Number.NaN : Number(header);
    const bitmap = await createImageBitmap(await response.blob());
    const picture = new Picture(bitmap, bitmap.width, bitmap.height);
    if (!signal.aborted) return { picture, rtp: Number.isInteger(rtp) ? rtp >>> 0 : null };
    picture.close();
    return null;
  } catch {
    // A poster is a kindness; the video comes without it.
    return null;
  }
}

/** Asks for a camera's status every 2 s while it runs: only as long as no picture comes. */
export class StatusPoll {
  readonly #origin: Origin;
  readonly #camera: number;
  #answer: StatusAnswer = { kind: "unknown" };
  #onlineSinceMs: number | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #abort: AbortController | null = null;

  constructor(origin: Origin, camera: number) {
    this.#origin = origin;
    this.#camera = camera;
  }

  /** The last answer since `start`. */
  get answer(): StatusAnswer {
    return this.#answer;
  }

  /** Since when, on the page's monotonic clock, every answer said `online` with packets coming; else null. */
  get onlineSinceMs(): number | null {
    return this.#onlineSinceMs;
  }

  /** Begins, unless it runs. */
  start(): void {
    if (this.#abort) return;
    this.#abort = new AbortController();
    void this.#ask(this.#abort.signal);
  }

  /** Ends, and forgets the answer. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#abort?.abort();
    this.#abort = null;
    this.#note({ kind: "unknown" });
  }

  async #ask(signal: AbortSignal): Promise<void> {
    const answer = await this.#fetch(signal);
    if (signal.aborted) return;
    this.#note(answer);
    this.#timer = setTimeout(() => {
      void this.#ask(signal);
    }, POLL_MS);
  }

  #note(answer: StatusAnswer): void {
    this.#answer = answer;
    const online = answer.kind === "status" && answer.status.state === "online" && answer.status.fps.received > 0;
    this.#onlineSinceMs = online ? (this.#onlineSinceMs ?? performance.now()) : null;
  }

  async #fetch(signal: AbortSignal): Promise<StatusAnswer> {
    try {
      const url = `${this.#origin.base}/api/cameras/${this.#camera}/status`;
      const response = await fetch(url, { headers: authorization(this.#origin), cache: "no-store", signal });
      if (response.ok) return { kind: "status", status: (await response.json()) as CameraStatus };
      return { kind: "failed", failure: { kind: "http", status: response.status, problem: await problemOf(response) } };
    } catch {
      return { kind: "failed", failure: { kind: "network" } };
    }
  }
}

/** Asks every 3 s while it runs how far the model is: only as long as no boxes come. */
export class ModelPoll {
  readonly #origin: Origin;
  #stats: Stats | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #abort: AbortController | null = null;

  constructor(origin: Origin) {
    this.#origin = origin;
  }

  /** The last answer since `start`; null before, and where the server tells this viewer nothing. */
  get stats(): Stats | null {
    return this.#stats;
  }

  /** Begins, unless it runs. */
  start(): void {
    if (this.#abort) return;
    this.#abort = new AbortController();
    void this.#ask(this.#abort.signal);
  }

  /** Ends, and forgets the answer. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#abort?.abort();
    this.#abort = null;
    this.#stats = null;
  }

  async #ask(signal: AbortSignal): Promise<void> {
    let stats: Stats | null = null;
    try {
      const response = await fetch(`${this.#origin.base}/api/stats`, {
        headers: authorization(this.#origin),
        cache: "no-store",
        signal,
      });
      if (response.ok) stats = (await response.json()) as Stats;
    } catch {
      // The player says in other places that the server is away.
    }
    if (signal.aborted) return;
    this.#stats = stats;
    this.#timer = setTimeout(() => void this.#ask(signal), MODEL_MS);
  }
}
