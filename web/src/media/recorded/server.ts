// What the player of recordings asks the server for.
import type { TrackMessage } from "../../wire";
import { authorization, problemOf, type Origin } from "../origin";
import type { WhepFailure } from "../words";
import { momentText, type Moment } from "./moment";
import { SharedSocket } from "./socket";

/** Why an answer did not come, or came to nothing. */
export type Failure = Extract<WhepFailure, { kind: "network" | "http" }> | { kind: "file"; name: string };

/** An answer; `nothing`: nothing is recorded there. */
export type Answer<T> = { kind: "answer"; answer: T } | { kind: "nothing" } | { kind: "failed"; failure: Failure };

/** A moment as the server tells it. */
interface MomentAnswer {
  unix: number;
  media_time: string;
}

/** The part of `GET /api/recordings` that a player needs. */
interface RecordingsAnswer {
  cameras: { camera_id: number; spans: { from: MomentAnswer; to: MomentAnswer }[] }[];
}

/** Footage without a hole, in media times. */
export interface Span {
  from: number;
  until: number;
}

/** One camera's recordings, wherever they are kept. */
export interface RecordingSource {
  /** Footage from the key picture at or before `from` up to `to`; `keysOnly`: of it the key pictures. */
  fragments(from: Moment, to: Moment, keysOnly: boolean, signal: AbortSignal): Promise<Answer<ReadableStream<Uint8Array>>>;
  /** Track frames of the detected frames between the two, and the one before and after them. */
  tracks(from: Moment, to: Moment, signal: AbortSignal): Promise<Answer<TrackMessage[]>>;
  /** Where there is footage between the two. */
  spans(from: Moment, to: Moment, signal: AbortSignal): Promise<Answer<Span[]>>;
  /** Nobody asks any more. */
  close?(): void;
}

/** Why footage ends in the middle of an answer. */
export class SourceError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.kind);
    this.failure = failure;
  }
}

/** Those on a server. */
export class RecordingServer implements RecordingSource {
  readonly #origin: Origin;
  readonly #camera: number;
  readonly #shared: SharedSocket;

  constructor(origin: Origin, camera: number) {
    this.#origin = origin;
    this.#camera = camera;
    this.#shared = new SharedSocket(origin, camera);
  }

  close(): void {
    this.#shared.leave();
  }

  fragments(from: Moment, to: Moment, keysOnly: boolean, signal: AbortSignal): Promise<Answer<ReadableStream<Uint8Array>>> {
    // Several players share a connection; one alone, and where there is none to share, asks by itself.
    const shared = this.#shared.fragments(from, to, keysOnly, signal);
    const alone = (): Promise<Answer<ReadableStream<Uint8Array>>> => this.#fragments(from, to, keysOnly, signal);
    return shared === null ? alone() : shared.then((answer) => answer ?? alone());
  }

  #fragments(from: Moment, to: Moment, keysOnly: boolean, signal: AbortSignal): Promise<Answer<ReadableStream<Uint8Array>>> {
    const query = { from: momentText(from), to: momentText(to), ...(keysOnly && { keys: "1" }) };
    return this.#get(`${this.#camera}/fragments`, query, signal, ({ body }) => Promise.resolve(body ?? new Blob().stream()));
  }

  tracks(from: Moment, to: Moment, signal: AbortSignal): Promise<Answer<TrackMessage[]>> {
    return this.#get(`${this.#camera}/tracks`, { from: momentText(from), to: momentText(to) }, signal, async (response) =>
      ((await response.json()) as { frames: TrackMessage[] }).frames);
  }

  spans(from: Moment, to: Moment, signal: AbortSignal): Promise<Answer<Span[]>> {
    const query = { camera: String(this.#camera), from: momentText(from), to: momentText(to), points: "1" };
    return this.#get("", query, signal, async (response) => {
      const { cameras } = (await response.json()) as RecordingsAnswer;
      const spans = cameras.find(({ camera_id }) => camera_id === this.#camera)?.spans ?? [];
      return spans.map((span) => ({ from: Number(span.from.media_time), until: Number(span.to.media_time) }));
    });
  }

  async #get<T>(path: string, query: Record<string, string>, signal: AbortSignal, read: (response: Response) => Promise<T>): Promise<Answer<T>> {
    const url = `${this.#origin.base}/api/recordings${path && "/"}${path}?${new URLSearchParams(query).toString()}`;
    try {
      const response = await fetch(url, { headers: authorization(this.#origin), cache: "no-store", signal });
      if (response.ok) return { kind: "answer", answer: await read(response) };
      if (response.status === 404) return { kind: "nothing" };
      return { kind: "failed", failure: { kind: "http", status: response.status, problem: await problemOf(response) } };
    } catch {
      return { kind: "failed", failure: { kind: "network" } };
    }
  }
}
