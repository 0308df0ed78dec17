// The WebSocket that tells what is counted, as it happens.
import { signal } from "@preact/signals";
import { backoffMs } from "../../media/backoff";
import type { FactMessage } from "../../wire";

/** What happened is asked about this soon after. */
const SOON_MS = 2_000;
const WAITS = { firstMs: 1_000, longestMs: 30_000 };

/** Whether the server tells what happens; a page says so where it does not. */
export const told = signal(false);

/** Opens it, and again whenever it breaks, for as long as the page is there. */
export function listenToFacts(each: (message: FactMessage) => void): void {
  let attempt = 0;
  const open = (): void => {
    const socket = new WebSocket(socketUrl(document.baseURI));
    socket.onopen = () => {
      told.value = true;
    };
    socket.onmessage = (event: MessageEvent<unknown>) => {
      attempt = 0;
      const message = typeof event.data === "string" ? parseFactMessage(event.data) : null;
      if (message) each(message);
    };
    socket.onclose = () => {
      told.value = false;
      setTimeout(open, backoffMs(attempt++, Math.random(), WAITS));
    };
  };
  open();
}

/** Does `work` a moment later; for many things at once, once. */
export function soonOnce(work: () => void): () => void {
  let soon: ReturnType<typeof setTimeout> | undefined;
  return () => {
    soon ??= setTimeout(() => {
      soon = undefined;
      work();
    }, SOON_MS);
  };
}

/** Beside the page, as all routes are. */
export function socketUrl(page: string): string {
  return new URL("ws/facts", page).href.replace(/^http/, "ws");
}

/** The message in `text`; null where it is of a kind that this page does not know. */
export function parseFactMessage(text: string): FactMessage | null {
  try {
    const message = JSON.parse(text) as Partial<FactMessage> | null;
    if (message?.type === "now") return Array.isArray(message.areas) ? (message as FactMessage) : null;
    if (message?.type === "fact") return typeof message.fact === "object" ? (message as FactMessage) : null;
    if (message?.type === "alert") return typeof message.alert === "object" ? (message as FactMessage) : null;
    return null;
  } catch {
    return null;
  }
}
