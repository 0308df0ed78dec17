// What the pages ask the server for.
import type { CameraInfo, CameraStatus, Problem, Stats, TrackMessage } from "../wire";

/** The answer of a route, or a sentence that says why there is none. */
export type Answer<T> = { ok: true; value: T } | { ok: false; status: number | null; words: string };

/** All cameras. */
export function fetchCameras(): Promise<Answer<CameraInfo[]>> {
  return ask<CameraInfo[]>("/api/cameras");
}

/** One camera. */
export function fetchCamera(id: number): Promise<Answer<CameraInfo>> {
  return ask<CameraInfo>(`/api/cameras/${id}`);
}

/** How one camera is doing. */
export function fetchStatus(id: number): Promise<Answer<CameraStatus>> {
  return ask<CameraStatus>(`/api/cameras/${id}/status`);
}

/** The newest track frame of one camera. */
export function fetchTracks(id: number): Promise<Answer<TrackMessage>> {
  return ask<TrackMessage>(`/api/cameras/${id}/tracks`);
}

/** The server and all its cameras. */
export function fetchStats(): Promise<Answer<Stats>> {
  return ask<Stats>("/api/stats");
}

async function ask<T>(path: string): Promise<Answer<T>> {
  let response: Response;
  try {
    response = await fetch(path, { headers: { Accept: "application/json" }, cache: "no-store" });
  } catch {
    return { ok: false, status: null, words: "The server does not answer." };
  }
  try {
    if (response.ok) return { ok: true, value: (await response.json()) as T };
    const problem = (await response.json()) as Partial<Problem>;
    return { ok: false, status: response.status, words: problem.detail ?? problem.title ?? said(response.status) };
  } catch {
    return { ok: false, status: response.status, words: said(response.status) };
  }
}

function said(status: number): string {
  return `The server answered ${status}.`;
}

/** The page of a single camera. */
export function viewerHref(id: number): string {
  return `/camera-viewer.html?camera=${id}`;
}
