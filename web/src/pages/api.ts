// What the pages ask the server for.
import type { CameraEdit, CameraInfo, CameraProbe, CameraStatus, DetectFrom, DetectorEdit, DetectorInfo, DetectorPreview, DetectorTrial, KeyProblem, Me, NewPassword, NewToken, NewUser, NewViewToken, Problem, SetUp, SignIn, Stats, TokenInfo, TrackMessage, UserEdit, UserInfo, ViewToken } from "../wire";
import { signInHref } from "./place";

/** What the server wants to see on requests that come with a cookie, since pages of other origins cannot send it. */
const OUR_PAGE = { "X-Razz-Request": "1" };

/** The answer of a route, or a sentence that says why there is none. */
export type Answer<T> = { ok: true; value: T } | Refusal;

/** Why there is no answer; `errors` says what is wrong with which key of what was sent. */
export type Refusal = { ok: false; status: number | null; words: string; errors: KeyProblem[] };

/** All cameras. */
export function fetchCameras(): Promise<Answer<CameraInfo[]>> {
  return ask<CameraInfo[]>("api/cameras");
}

/** One camera. */
export function fetchCamera(id: number): Promise<Answer<CameraInfo>> {
  return ask<CameraInfo>(`api/cameras/${id}`);
}

/** How one camera is doing. */
export function fetchStatus(id: number): Promise<Answer<CameraStatus>> {
  return ask<CameraStatus>(`api/cameras/${id}/status`);
}

/** The newest track frame of one camera. */
export function fetchTracks(id: number): Promise<Answer<TrackMessage>> {
  return ask<TrackMessage>(`api/cameras/${id}/tracks`);
}

/** The server and all its cameras. */
export function fetchStats(): Promise<Answer<Stats>> {
  return ask<Stats>("api/stats");
}

/** Adds a camera. */
export function addCamera(camera: CameraEdit): Promise<Answer<CameraInfo>> {
  return ask<CameraInfo>("api/cameras", "POST", camera);
}

/** Changes a camera. */
export function changeCamera(id: number, camera: CameraEdit): Promise<Answer<CameraInfo>> {
  return ask<CameraInfo>(`api/cameras/${id}`, "PUT", camera);
}

/** Removes a camera. */
export function removeCamera(id: number): Promise<Answer<null>> {
  return ask<null>(`api/cameras/${id}`, "DELETE");
}

/** Looks at a camera as it would be, which takes up to 22 seconds. */
export function testCamera(camera: CameraEdit, stream: DetectFrom = "main"): Promise<Answer<CameraProbe>> {
  return ask<CameraProbe>(`api/cameras/test?stream=${stream}`, "POST", camera);
}

/** What is set for the detector, and which models there are. */
export function fetchDetector(): Promise<Answer<DetectorInfo>> {
  return ask<DetectorInfo>("api/detector");
}

/** Changes the detector. */
export function changeDetector(edit: DetectorEdit): Promise<Answer<DetectorInfo>> {
  return ask<DetectorInfo>("api/detector", "PUT", edit);
}

/** Looks at a camera's newest picture with a model, which takes as long as loading it. */
export function previewDetector(camera: number, model: string): Promise<Answer<DetectorPreview>> {
  return ask<DetectorPreview>("api/detector/preview", "POST", { camera, model } satisfies DetectorTrial);
}

/** Who is looking. */
export function fetchMe(): Promise<Answer<Me>> {
  return ask<Me>("api/me");
}

/** Signs in: the browser has a cookie then, which no script can read. */
export function signIn(name: string, password: string): Promise<Answer<null>> {
  return ask<null>("api/sign-in", "POST", { name, password } satisfies SignIn);
}

/** Signs out. */
export function signOut(): Promise<Answer<null>> {
  return ask<null>("api/sign-out", "POST");
}

/** Makes the first admin, and signs them in. */
export function setUp(token: string, name: string, password: string): Promise<Answer<null>> {
  return ask<null>("api/set-up", "POST", { token, name, password } satisfies SetUp);
}

/** Changes one's own password. */
export function changePassword(current: string, password: string): Promise<Answer<null>> {
  return ask<null>("api/me/password", "PUT", { current, new: password } satisfies NewPassword);
}

/** All users. */
export function fetchUsers(): Promise<Answer<UserInfo[]>> {
  return ask<UserInfo[]>("api/users");
}

/** Adds a user. */
export function addUser(user: NewUser): Promise<Answer<UserInfo>> {
  return ask<UserInfo>("api/users", "POST", user);
}

/** Changes a user. */
export function changeUser(name: string, user: UserEdit): Promise<Answer<UserInfo>> {
  return ask<UserInfo>(`api/users/${encodeURIComponent(name)}`, "PUT", user);
}

/** Removes a user. */
export function removeUser(name: string): Promise<Answer<null>> {
  return ask<null>(`api/users/${encodeURIComponent(name)}`, "DELETE");
}

/** All API tokens, without what they read. */
export function fetchTokens(): Promise<Answer<TokenInfo[]>> {
  return ask<TokenInfo[]>("api/tokens");
}

/** Makes an API token; the answer holds it, this once. */
export function addToken(token: NewToken): Promise<Answer<TokenInfo>> {
  return ask<TokenInfo>("api/tokens", "POST", token);
}

/** Ends an API token. */
export function removeToken(id: string): Promise<Answer<null>> {
  return ask<null>(`api/tokens/${encodeURIComponent(id)}`, "DELETE");
}

/** Makes a view token: whoever has it may begin to watch these cameras for so many seconds. */
export function addViewToken(cameras: number[], seconds: number): Promise<Answer<ViewToken>> {
  return ask<ViewToken>("api/view-tokens", "POST", { cameras, seconds } satisfies NewViewToken);
}

/** How an answer is read that is more than one JSON value, and what ends waiting for it. */
export interface Reading<T> {
  accept?: string;
  read?: (response: Response) => Promise<T>;
  signal?: AbortSignal;
}

/** Asks a route. `path` is relative to the page, and so in the folder where the page is. */
export async function ask<T>(path: string, method = "GET", body?: object, { accept = "application/json", read = (response) => response.json() as Promise<T>, ...more }: Reading<T> = {}): Promise<Answer<T>> {
  const refusal = (status: number | null, words: string, errors: KeyProblem[] = []): Refusal => ({ ok: false, status, words, errors });
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const headers = { Accept: accept, ...OUR_PAGE, ...(body === undefined ? {} : { "Content-Type": "application/json" }) };
  let response: Response;
  try {
    response = await fetch(path, { method, headers, cache: "no-store", ...sent, ...more });
  } catch {
    return refusal(null, "The server does not answer.");
  }
  try {
    if (response.status === 204) return { ok: true, value: null as T };
    if (response.ok) return { ok: true, value: await read(response) };
    const problem = (await response.json()) as Partial<Problem>;
    if (problem.type === "urn:razz:problem:sign-in") location.assign(signInHref(location.href));
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
  return `camera-viewer.html?camera=${id}`;
}

/** Where lines and zones of a camera are drawn. */
export function areasHref(camera: number | null): string {
  return camera === null ? "areas.html" : `areas.html?camera=${camera}`;
}
