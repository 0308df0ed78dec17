// Where the server is, and how a token goes along.
import type { Problem } from "../wire";

/** A razz server as one player sees it. */
export interface Origin {
  /** Absolute, without a slash at its end: "https://razz.example:8003". */
  base: string;
  /** Allows watching; null where the server asks for none. */
  token: string | null;
}

/**
 * The origin for the attribute `src-base` of an element on the page at `pageUrl`. Without one (null) it is the folder that
 * the player at `scriptUrl` came from, since a proxy may show razz in one; the page's own server where the player is a part
 * of another file.
 */
export function originOf(srcBase: string | null, token: string | null, pageUrl: string, scriptUrl: string): Origin {
  const home = /^(.*\/)player\.js(\?|$)/.exec(scriptUrl)?.[1] ?? "/";
  const url = new URL(srcBase === null || srcBase === "" ? home : srcBase, pageUrl);
  return { base: (url.origin + url.pathname).replace(/\/+$/, ""), token: token === "" ? null : token };
}

/** Headers that carry the token. */
export function authorization(origin: Origin): Record<string, string> {
  return origin.token === null ? {} : { Authorization: `Bearer ${origin.token}` };
}

/**
 * Headers of a request that changes something: the token, or where there is none the header that razz wants to see beside
 * a cookie, since pages of other origins cannot send it.
 */
export function requestHeaders(origin: Origin): Record<string, string> {
  return origin.token === null ? { "X-Razz-Request": "1" } : authorization(origin);
}

/** The address of the track feed. A WebSocket cannot send headers, so the token stands in the query. */
export function feedUrl(origin: Origin, camera: number): string {
  const query = new URLSearchParams({ every_frame: "1" });
  if (origin.token !== null) query.set("token", origin.token);
  return `${origin.base.replace(/^http/, "ws")}/ws/tracking/${camera}?${query.toString()}`;
}

/** The camera's number from "1" or "camera1"; null if it is neither. */
export function cameraId(text: string | null): number | null {
  const digits = /^(?:camera)?(\d{1,9})$/.exec(text?.trim() ?? "")?.[1];
  const id = Number(digits);
  return digits !== undefined && id >= 1 ? id : null;
}

/** The problem in an error answer, if it holds one. */
export async function problemOf(response: Response): Promise<Problem | null> {
  if (!(response.headers.get("content-type") ?? "").includes("json")) return null;
  try {
    const body: unknown = await response.json();
    if (typeof body !== "object" || body === null) return null;
    const text = (key: string): string | null => {
      const value = (body as Record<string, unknown>)[key];
      return typeof value === "string" ? value : null;
    };
    const type = text("type") ?? "about:blank";
    return { type, title: text("title") ?? "", status: response.status, detail: text("detail") };
  } catch {
    return null;
  }
}
