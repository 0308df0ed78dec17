// What the pages ask the server for.
import type { CameraInfo, CameraProbe, CameraStatus, KeyProblem, Problem, Stats, TrackMessage } from "../wire";

/** The answer of a route, or a sentence that says why there is none. */
export type Answer<T> = { ok: true; value: T } | Refusal;

/** Why there is no answer; `errors` says what is wrong with which key of what was sent. */
export type Refusal = { ok: false; status: number | null; words: string; errors: KeyProblem[] };

/** What a camera is to be. Absent keys stay as they are. */
export interface CameraEdit {
  id?: number;
  name?: string | null;
  url?: string;
  username?: string | null;
  password?: string | null;
  transport?: string;
  detect_fps?: number | "max";
}

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

/** Adds a camera. */
export function addCamera(camera: CameraEdit): Promise<Answer<CameraInfo>> {
  return ask<CameraInfo>("/api/cameras", "POST", camera);
}

/** Changes a camera. */
export function changeCamera(id: number, camera: CameraEdit): Promise<Answer<CameraInfo>> {
  return ask<CameraInfo>(`/api/cameras/${id}`, "PUT", camera);
}

/** Removes a camera. */
export function removeCamera(id: number): Promise<Answer<null>> {
  return ask<null>(`/api/cameras/${id}`, "DELETE");
}

/** Looks at a camera as it would be, which takes up to 22 seconds. */
export function testCamera(camera: CameraEdit): Promise<Answer<CameraProbe>> {
  return ask<CameraProbe>("/api/cameras/test", "POST", camera);
}

async function ask<T>(path: string, method = "GET", body?: object): Promise<Answer<T>> {
  const refusal = (status: number | null, words: string, errors: KeyProblem[] = []): Refusal => ({ ok: false, status, words, errors });
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const headers = { Accept: "application/json", ...(body === undefined ? {} : { "Content-Type": "application/json" }) };
  let response: Response;
  try {
    response = await fetch(path, { method, headers, cache: "no-store", ...sent });
  } catch {
    return refusal(null, "The server does not answer.");
  }
  try {
    if (response.status === 204) return { ok: true, value: null as T };
    if (response.ok) return { ok: true, value: (await response.json()) as T };
    const problem = (await response.json()) as Partial<Problem>;
    return refusal(response.status, problem.detail ?? problem.title ?? said(response.status), problem.errors);
  } catch {
    return refusal(response.status, said(response.status));
  }
}

function said(status: number): string {
  return `The server answered ${status}.`;
}

/** The page of a single camera. */
export function viewerHref(id: number): string {
  return `/camera-viewer.html?camera=${id}`;
}
