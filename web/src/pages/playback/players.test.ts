// @vitest-environment happy-dom
// Which player is told what, when the viewer goes somewhere and when they drift apart.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { RazzPlayer } from "../../media";
import type { CameraInfo } from "../../wire";
import { goLive, scrub, seek, setPaused } from "./actions";
import { merged, type Coverage } from "./coverage";
import { enter, keepInStep, noteEnd, noteFrame, stepAll } from "./players";
import type { Reason, Moment, Recordings } from "./recordings";
import * as state from "./state";

const NOW = 1_764_510_000;
const moment = (unix: number): Moment => ({ unix, media_time: String(unix * 90_000) });

/** The player's side of the page, without a picture. */
class FakePlayer {
  readonly told: string[] = [];
  time: number | null = null;
  readonly #attributes = new Map<string, string>();
  hasAttribute = (name: string): boolean => this.#attributes.has(name);
  getAttribute = (name: string): string | null => this.#attributes.get(name) ?? null;
  setAttribute = (name: string, value: string): void => {
    if (this.#attributes.get(name) !== value) this.told.push(`${name} ${value}`);
    this.#attributes.set(name, value);
  };
  removeAttribute = (name: string): void => {
    this.told.push(`no ${name}`);
    this.#attributes.delete(name);
  };
  seek = (to: number | string): void => {
    this.told.push(`seek ${to}`);
    this.time = Number(to);
  };
  step = (frames: number): void => { this.told.push(`step ${frames}`); };
  play = (): void => { this.told.push("play"); };
  pause = (): void => { this.told.push("pause"); };
  /** What it was told since the last look. */
  get news(): string[] {
    return this.told.splice(0);
  }
}

function camera(id: number, spans: [number, number][], gaps: [number, number, Reason][] = []): Recordings["cameras"][number] {
  return {
    camera_id: id, state: "recording", reason: null, error: null, oldest: moment(NOW - 5_000), newest: moment(NOW), bytes: 0,
    spans: spans.map(([from, to]) => ({ from: moment(NOW + from), to: moment(NOW + to), bytes: 0 })),
    gaps: gaps.map(([from, to, reason]) => ({ from: moment(NOW + from), to: moment(NOW + to), reason })),
    locks: [], density: { from: 0, step: 60, classes: {} },
  };
}
const known = (...cameras: Recordings["cameras"]): Coverage => merged(new Map(), { now: NOW, error: null, key: null, room: { used: 0, free: 0, days: null }, cameras }, NOW - 5_000, NOW);

let players: [FakePlayer, FakePlayer];
let stepping = false;

beforeEach(() => {
  vi.useFakeTimers({ now: NOW * 1_000 });
  // The first has a hole from -300 to -200; both have one from -100 to -50.
  state.coverage.value = known(
    camera(1, [[-1_000, -300], [-200, -100], [-50, 0]], [[-300, -200, "camera_gone"]]),
    camera(2, [[-1_000, -100], [-50, 0]]),
  );
  state.cameras.value = [{ id: 1, name: "Gate" }, { id: 2, name: "Yard" }] as CameraInfo[];
  [state.live.value, state.paused.value, state.rate.value, state.at.value, state.said.value] = [false, true, 1, NOW - 900, ""];
  players = [new FakePlayer(), new FakePlayer()];
  players.forEach((player, at) => {
    player.setAttribute("at", "0");
    enter(at + 1, player as unknown as RazzPlayer);
  });
  stepping = false;
});

afterEach(async () => {
  for (const id of [1, 2]) enter(id, null);
  // What was to be done yet is done: the page lives longer than a test.
  await vi.advanceTimersByTimeAsync(500);
  vi.clearAllTimers();
  vi.useRealTimers();
});

/** All is told, and time passes in which nothing is sought any more. */
async function rest(): Promise<void> {
  if (!stepping) keepInStep();
  stepping = true;
  await vi.advanceTimersByTimeAsync(2_500);
  for (const player of players) player.told.length = 0;
}

test("a paused page holds the players that come onto it", () => {
  expect(players.map(({ news }) => news)).toEqual([["at 0", "rate 1", "pause"], ["at 0", "rate 1", "pause"]]);
});

test("all go to one moment, and stay paused", async () => {
  await rest();
  seek(NOW - 800);
  expect(players.map(({ news }) => news)).toEqual([[`seek ${NOW - 800}`, "pause"], [`seek ${NOW - 800}`, "pause"]]);
});

test("a player that drifts is put right, ahead by what a seek takes; the one that leads is let alone", async () => {
  seek(NOW - 800);
  setPaused(false);
  await rest();
  [players[0].time, players[1].time] = [NOW - 799, NOW - 798];
  noteFrame(1, { unix: NOW - 799 } as never);
  await vi.advanceTimersByTimeAsync(250);
  expect(state.at.value).toBe(NOW - 799);
  expect(players.map(({ news }) => news)).toEqual([[], [`seek ${NOW - 798.85}`]]);
});

test("who leaps over a hole of its own waits for the others, and comes along when it ends", async () => {
  seek(NOW - 301);
  setPaused(false);
  await rest();
  const play = async (camera: 1 | 2, t: number, ms: number): Promise<void> => {
    players[camera === 1 ? 0 : 1].time = NOW + t;
    noteFrame(camera, { unix: NOW + t } as never);
    await vi.advanceTimersByTimeAsync(ms);
  };
  await play(1, -300.5, 0);
  await play(1, -199.9, 250);
  expect(state.at.value, "the page does not leap").toBe(NOW - 300.5);
  await play(2, -299, 250);
  expect([state.at.value, players[0].news]).toEqual([NOW - 299, ["pause"]]);
  await play(2, -297, 2_000);
  state.at.value = NOW - 203;
  await play(2, -201, 2_000);
  await play(2, -199, 250);
  expect(players[0].news).toEqual(["play", `seek ${NOW - 198.85}`]);
});

test("over a hole that all have, the page leaps and says so", async () => {
  seek(NOW - 101);
  setPaused(false);
  await rest();
  state.at.value = NOW - 99;
  await vi.advanceTimersByTimeAsync(250);
  expect(state.at.value).toBe(NOW - 50);
  expect(state.said.value).toMatch(/^Nothing is recorded from \d\d:\d\d:\d\d to \d\d:\d\d:\d\d\.$/);
  expect(players.every(({ news }) => news.includes(`seek ${NOW - 50}`))).toBe(true);
});

test("a step is one frame of the one that leads, and the others go to its moment", async () => {
  seek(NOW - 800);
  await rest();
  stepAll(1);
  expect(players[0].news.at(-1)).toBe("step 1");
  players[0].time = NOW - 799.9;
  noteFrame(1, { unix: NOW - 799.9 } as never);
  await vi.advanceTimersByTimeAsync(200);
  expect(players[1].news).toEqual(["pause", `seek ${NOW - 799.9}`, "pause"]);
});

test("live has no moment, and who goes back from it comes to one", async () => {
  await rest();
  goLive();
  expect(players.map(({ news }) => news)).toEqual([["no at"], ["no at"]]);
  seek(NOW - 60.5);
  expect(players[0].news).toContain("at 2025-11-30T13:38:59.500Z");
});

test("dragging the playhead does not ask for more pictures than can come, and ends where it ends", async () => {
  await rest();
  for (let at = 0; at < 20; at++) {
    scrub(NOW - 700 + at, false);
    vi.advanceTimersByTime(10);
  }
  const seeks = players[0].news.filter((word) => word.startsWith("seek"));
  expect(seeks.length).toBeLessThan(5);
  scrub(NOW - 650, true);
  expect(players[0].news).toContain(`seek ${NOW - 650}`);
  expect(state.scrubbing.value).toBe(false);
});

test("one alone: fast play ends at the present, backwards at the beginning", () => {
  enter(2, null);
  const end = { ended: true, paused: false, rate: 1, unix: null, seeking: false };
  [state.paused.value, state.rate.value] = [false, 16];
  noteEnd(1, end);
  expect([state.rate.value, state.paused.value]).toEqual([1, false]);
  state.rate.value = -2;
  noteEnd(1, end);
  expect(state.paused.value).toBe(true);
});

test("several of an export: they stop when the last one is at its end", async () => {
  const end = { ended: true, paused: false, rate: 1, unix: null, seeking: false };
  await rest();
  enter(2, players[1] as unknown as Parameters<typeof enter>[1]);
  [state.paused.value, state.rate.value, state.ends.value] = [false, 1, NOW - 100];
  seek(NOW - 700);
  noteEnd(1, end);
  const first = state.paused.value;
  noteEnd(2, end);
  expect([first, state.paused.value]).toEqual([false, true]);
});

test("in an export nothing is live: its end is the latest moment", async () => {
  await rest();
  state.ends.value = NOW - 100;
  goLive();
  expect([state.live.value, state.at.value]).toEqual([false, NOW - 100.04]);
  seek(NOW + 5);
  expect([state.live.value, state.at.value]).toEqual([false, NOW - 100.04]);
});
