// A server for tests: answers what `fetch` asks when the test says so, and keeps what was asked.
import { vi } from "vitest";

/** One request, answered by the test. */
export class FakeRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: unknown;
  readonly init: RequestInit;
  readonly #resolve: (response: Response) => void;
  readonly #reject: (error: Error) => void;

  constructor(url: string, init: RequestInit, resolve: (response: Response) => void, reject: (error: Error) => void) {
    this.url = url;
    this.method = init.method ?? "GET";
    this.headers = new Headers(init.headers);
    this.body = init.body;
    this.init = init;
    this.#resolve = resolve;
    this.#reject = reject;
    init.signal?.addEventListener("abort", () => {
      reject(new DOMException("aborted", "AbortError"));
    });
  }

  get aborted(): boolean {
    return this.init.signal?.aborted ?? false;
  }

  async answer(status: number, body: string | object = "", headers: Record<string, string> = {}): Promise<void> {
    const json = typeof body === "object";
    const content = { ...(json ? { "Content-Type": "application/json" } : {}), ...headers };
    this.#resolve(new Response(json ? JSON.stringify(body) : body, { status, headers: content }));
    await settled();
  }

  /** An answer of the test's own making. */
  respond(response: Response): void {
    this.#resolve(response);
  }

  async problem(status: number, detail: string): Promise<void> {
    await this.answer(status, { type: "about:blank", title: "", status, detail }, { "Content-Type": "application/problem+json" });
  }

  /** Nobody answers there. */
  async fail(): Promise<void> {
    this.#reject(new TypeError("fetch failed"));
    await settled();
  }
}

/** Takes the place of `fetch` until `vi.unstubAllGlobals`. */
export class FakeServer {
  readonly requests: FakeRequest[] = [];
  readonly #routes: [RegExp, (request: FakeRequest) => void][] = [];

  constructor() {
    vi.stubGlobal("fetch", (url: string, init: RequestInit = {}) =>
      new Promise<Response>((resolve, reject) => {
        if (init.signal?.aborted) {
          reject(new DOMException("aborted", "AbortError"));
          return;
        }
        const request = new FakeRequest(url, init, resolve, reject);
        this.requests.push(request);
        this.#routes.find(([route]) => route.test(`${request.method} ${url}`))?.[1](request);
      }),
    );
  }

  /** Answers requests whose "METHOD url" matches by itself, from now on. */
  on(route: RegExp, answer: (request: FakeRequest) => void): this {
    this.#routes.unshift([route, answer]);
    return this;
  }

  /** The requests whose "METHOD url" matches. */
  to(route: RegExp): FakeRequest[] {
    return this.requests.filter(({ method, url }) => route.test(`${method} ${url}`));
  }

  /** The last of them; there has to be one. */
  last(route: RegExp): FakeRequest {
    const found = this.to(route).at(-1);
    if (!found) throw new Error(`nobody asked for ${route.source}, but for ${this.requests.map(({ method, url }) => `${method} ${url}`).join(", ")}`);
    return found;
  }
}

/** What was promised has come to pass: every promise chain of a few links has run. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await Promise.resolve();
}
