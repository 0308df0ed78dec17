// What the player asks the server for over HTTP: the newest picture, why there is none, and why there are no boxes.
import type { CameraStatus, Stats } from "../wire";
import { authorization, problemOf, type Origin } from "./origin";
import { Picture } from "./picture";
import type { StatusAnswer } from "./words";

/** A GET, never answered from a cache. */
function get(origin: Origin, url: string, signal: AbortSignal): Promise<Response> {
  return fetch(url, { headers: authorization(origin), cache: "no-store", signal });
}

/** The JSON at `url`; null where the server tells this viewer nothing, or is away. */
export async function fetchJson<T>(origin: Origin, url: string, signal: AbortSignal): Promise<T | null> {
  try {
    const response = await get(origin, url, signal);
    return response.ok ? ((await response.json()) as T) : null;
  } catch {
    return null;
  }
}

/** The newest picture of a camera, and the RTP timestamp of its frame; null if there is none to be had. */
export async function fetchSnapshot(
  origin: Origin,
  camera: number,
  signal: AbortSignal,
): Promise<{ picture: Picture; rtp: number | null } | null> {
  try {
    const response = await get(origin, `${origin.base}/api/cameras/${camera}/snapshot.jpg`, signal);
    if (!response.ok) return null;
    const header = response.headers.get("x-rtp-timestamp");
    const rtp = header === null ? Number.NaN : Number(header);
    const bitmap = await createImageBitmap(await response.blob());
    const picture = new Picture(bitmap, bitmap.width, bitmap.height);
    if (!signal.aborted) return { picture, rtp: Number.isInteger(rtp) ? rtp >>> 0 : null };
    picture.close();
    return null;
  } catch {
    // The video comes without a snapshot too, only later.
    return null;
  }
}

/** A camera's status, or why there is no answer. */
export async function fetchStatus(origin: Origin, camera: number, signal: AbortSignal): Promise<StatusAnswer> {
  try {
    const response = await get(origin, `${origin.base}/api/cameras/${camera}/status`, signal);
    if (response.ok) return { kind: "status", status: (await response.json()) as CameraStatus };
    return { kind: "failed", failure: { kind: "http", status: response.status, problem: await problemOf(response) } };
  } catch {
    return { kind: "failed", failure: { kind: "network" } };
  }
}

/** The server's figures, with the state of its model; null where it tells this viewer nothing, or is away. */
export function fetchStats(origin: Origin, signal: AbortSignal): Promise<Stats | null> {
  return fetchJson(origin, `${origin.base}/api/stats`, signal);
}

/** Asks for something again and again while it runs. */
export class Poll<T> {
  readonly #ask: (signal: AbortSignal) => Promise<T>;
  readonly #everyMs: number;
  readonly #onAnswer: (answer: T) => void;
  #answer: T | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #abort: AbortController | null = null;

  /** `ask` never rejects; `everyMs` is counted from one answer to the next question. */
  constructor(ask: (signal: AbortSignal) => Promise<T>, everyMs: number, onAnswer: (answer: T) => void = () => undefined) {
    this.#ask = ask;
    this.#everyMs = everyMs;
    this.#onAnswer = onAnswer;
  }

  /** The last answer since `start`; null before. */
  get answer(): T | null {
    return this.#answer;
  }

  /** Begins at once, or ends and forgets the answer. */
  run(wanted: boolean): void {
    if (wanted === (this.#abort !== null)) return;
    if (wanted) {
      this.#abort = new AbortController();
      void this.#round(this.#abort.signal);
      return;
    }
    clearTimeout(this.#timer);
    this.#abort?.abort();
    this.#abort = null;
    this.#answer = null;
  }

  async #round(signal: AbortSignal): Promise<void> {
    const answer = await this.#ask(signal);
    if (signal.aborted) return;
    this.#answer = answer;
    this.#timer = setTimeout(() => void this.#round(signal), this.#everyMs);
    // Last, because whoever hears of it may end the poll.
    this.#onAnswer(answer);
  }
}
