// A page with one <razz-player> for tests, and what a test does to it. To be imported before the player.
import { vi } from "vitest";
import { rtpAddMs } from "../clock/rtp";
import type { RazzPlayer } from "../index";
import { setUp, tearDown, type FakeBrowser } from "./browser";
import { FakePeer } from "./peer";
import { FakeSocket } from "./socket";
import { message, track } from "./tracks";
import { FakeVideoFrame, present } from "./video";

/** What asks for a session. */
export const OFFER = /^POST .*\/whep\/\d+(\?|$)/;

/** The browser of the test that runs. */
export let browser: FakeBrowser;
/** The player that was placed last. */
export let player: RazzPlayer;

/** Before each test. */
export function openPage(): void {
  browser = setUp();
  browser.server.on(/snapshot/, (request) => void request.answer(404));
}

/** After each test. */
export async function closePage(): Promise<void> {
  document.body.replaceChildren();
  await pass(0);
  tearDown();
}

/** So many milliseconds go by. */
export const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

/** A player with these attributes, on the page. */
export function place(attributes: Record<string, string> = { camera: "7" }): RazzPlayer {
  player = document.createElement("razz-player");
  for (const [name, value] of Object.entries(attributes)) player.setAttribute(name, value);
  document.body.append(player);
  return player;
}

/** The part of the player's inside that `selector` names; there has to be one. */
export function inside(selector: string): HTMLElement {
  const found = player.shadowRoot?.querySelector<HTMLElement>(selector);
  if (!found) throw new Error(`there is no ${selector}`);
  return found;
}
export const has = (selector: string): boolean => player.shadowRoot?.querySelector(selector) !== null;
export const text = (selector: string): string => inside(selector).textContent;
export const video = (): HTMLVideoElement => inside("video") as HTMLVideoElement;
export const canvas = (): HTMLCanvasElement => inside("canvas") as HTMLCanvasElement;

/** The offers that the server got. */
export const offers = (): string[] => browser.server.to(OFFER).map(({ url }) => url);
/** Nobody answers the last one. */
export async function failOffers(): Promise<void> {
  await browser.server.last(OFFER).fail();
}

/** A key is pressed; false if the player used it up. */
export function key(name: string, init: KeyboardEventInit = {}): boolean {
  return player.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true, ...init }));
}

/** The player's button with this word on it; there has to be one. */
export function button(name: string): HTMLButtonElement {
  const buttons = [...(player.shadowRoot?.querySelectorAll<HTMLButtonElement>("#bar button") ?? [])];
  const found = buttons.find(({ textContent }) => textContent === name);
  if (!found) throw new Error(`there is no button ${name}`);
  return found;
}

/** Video and feed are through. */
export async function connect(): Promise<void> {
  await pass(0);
  await browser.server.last(OFFER).answer(201, "v=0", { Location: "/whep/7/abc" });
  FakePeer.last.become("connected");
  FakeSocket.last.accept();
}

/** Frames with messages of their own for so long, 20 a second. */
export async function play(ms: number, tracks = [track()]): Promise<void> {
  for (let passed = 0; passed < ms; passed += 50) {
    const rtp = rtpAddMs(1_000_000, performance.now());
    FakeSocket.last.receive(message(rtp, tracks));
    FakeVideoFrame.rtp = rtp;
    present(video(), { rtpTimestamp: rtp, receiveTime: performance.now() - 400 });
    await pass(50);
  }
}
