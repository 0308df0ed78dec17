// The player's state machine: what is known after every event, and what is done about it.
import { describe, expect, test } from "vitest";
import { handle, type Effect, type Input, type Playback, type Running } from "./playback";

const T = 100_000;
const PLAYING: Running = {
  kind: "running",
  picture: { kind: "expected", sinceMs: T },
  video: { kind: "playing", sinceMs: T - 60_000 },
  feed: { kind: "open" },
  server: { kind: "same" },
  boxes: "expected",
  presentedMs: T,
  detectedMs: T,
};
const MISSING = { kind: "missing", onlineSinceMs: null, askedMs: T, waiting: false } as const;
const ASK: Effect = { kind: "ask" };
const RETRY_NOW: Effect = { kind: "retry-now" };
const LOST: Effect = { kind: "restart", why: "lost" };
const SILENT: Effect = { kind: "restart", why: "silent" };
const FORGET: Effect = { kind: "forget-edge" };
const TICK: Input = { kind: "tick", blind: false };
const BLIND: Input = { kind: "tick", blind: true };

interface Row {
  name: string;
  /** What differs from a player that plays with boxes. */
  given?: Partial<Running>;
  input: Input;
  /** Milliseconds after `T`. */
  after?: number;
  /** What changes. */
  changed?: Partial<Running>;
  effects?: Effect[];
}

/** One row: nothing but `changed` is another than before, and exactly `effects` are asked for. */
function check({ given = {}, input, after = 0, changed = {}, effects = [] }: Row): void {
  const before: Running = { ...PLAYING, ...given };
  const frozen = structuredClone(before);
  const [state, done] = handle(before, input, T + after);
  expect(state).toEqual({ ...before, ...changed });
  expect(done).toEqual(effects);
  expect(before, "the state before is left as it was").toEqual(frozen);
}

describe("start and stop", () => {
  const stopped: Playback = { kind: "stopped" };

  test("a start counts every silence from now", () => {
    expect(handle(stopped, { kind: "start" }, T)).toEqual([
      {
        ...PLAYING,
        video: { kind: "idle" },
        feed: { kind: "connecting", sinceMs: T },
      },
      [],
    ]);
  });

  test("a second start changes nothing", () => {
    expect(handle(PLAYING, { kind: "start" }, T + 5_000)).toEqual([PLAYING, []]);
  });

  test.each<Input>([
    { kind: "presented" }, { kind: "shown" }, { kind: "detected" }, { kind: "video", state: "playing" }, { kind: "feed", state: "open" },
    { kind: "status", online: true }, { kind: "session", waiting: true }, TICK, BLIND, { kind: "stop" },
  ])("stopped, $kind means nothing", (input) => {
    expect(handle(stopped, input, T)).toEqual([stopped, []]);
  });

  test("a stop ends all that was known", () => {
    expect(handle({ ...PLAYING, picture: MISSING, boxes: "undetected" }, { kind: "stop" }, T)).toEqual([stopped, []]);
  });
});

test.each<Row>([
  { name: "a presented frame", input: { kind: "presented" }, after: 33, changed: { presentedMs: T + 33 } },
  { name: "a presented frame is no picture: it may be hidden", given: { picture: MISSING }, input: { kind: "presented" }, after: 33, changed: { presentedMs: T + 33 } },
  { name: "a shown frame", input: { kind: "shown" }, after: 33, changed: { picture: { kind: "expected", sinceMs: T + 33 } } },
  { name: "a shown frame ends the search for the reason", given: { picture: MISSING }, input: { kind: "shown" }, after: 33, changed: { picture: { kind: "expected", sinceMs: T + 33 } } },
])("$name", check);

describe("no picture", () => {
  test.each<Row>([
    { name: "1999 ms without a frame: nothing is said yet", input: TICK, after: 1_999 },
    {
      name: "2000 ms: it is missing, and the server is asked",
      input: TICK,
      after: 2_000,
      changed: { picture: { ...MISSING, askedMs: T + 2_000 } },
      effects: [ASK],
    },
    {
      name: "without a connection nobody is there to be asked",
      given: { video: { kind: "connecting" } },
      input: TICK,
      after: 2_000,
      changed: { picture: { ...MISSING, askedMs: -Infinity } },
    },
    { name: "asked 999 ms ago", given: { picture: MISSING }, input: TICK, after: 999 },
    { name: "asked 1000 ms ago", given: { picture: MISSING }, input: TICK, after: 1_000, changed: { picture: { ...MISSING, askedMs: T + 1_000 } }, effects: [ASK] },
    {
      name: "what was said of a session that is gone is forgotten",
      given: { picture: { ...MISSING, waiting: true }, video: { kind: "retrying" } },
      input: TICK,
      changed: { picture: MISSING },
    },
    { name: "the server waits for a key frame", given: { picture: MISSING }, input: { kind: "session", waiting: true }, changed: { picture: { ...MISSING, waiting: true } } },
    { name: "the server says so too late", input: { kind: "session", waiting: true } },
  ])("$name", check);
});

describe("a session that fell silent", () => {
  const online = { ...MISSING, onlineSinceMs: T };
  test.each<Row>([
    { name: "the camera is online", given: { picture: MISSING }, input: { kind: "status", online: true }, after: 9, changed: { picture: { ...MISSING, onlineSinceMs: T + 9 } } },
    { name: "it still is: counted from the first time", given: { picture: online }, input: { kind: "status", online: true }, after: 2_000 },
    { name: "it is not any more", given: { picture: online }, input: { kind: "status", online: false }, after: 2_000, changed: { picture: MISSING } },
    { name: "an answer that comes once there is a picture", input: { kind: "status", online: true } },
    { name: "online for 6000 ms without a frame", given: { picture: { ...online, askedMs: T + 6_000 } }, input: TICK, after: 6_000 },
    { name: "for longer: another session", given: { picture: { ...online, askedMs: T + 6_001 } }, input: TICK, after: 6_001, effects: [SILENT] },
    {
      name: "a frame was presented in between, though not shown",
      given: { picture: { ...online, askedMs: T + 6_001 }, presentedMs: T + 2_000 },
      input: TICK,
      after: 6_001,
    },
    {
      name: "the connection stands only now",
      given: { picture: { ...online, askedMs: T + 6_001 }, video: { kind: "playing", sinceMs: T + 2_000 } },
      input: TICK,
      after: 6_001,
    },
    { name: "the camera is off: the session is left alone", given: { picture: { ...MISSING, askedMs: T + 60_000 } }, input: TICK, after: 60_000 },
    { name: "no connection to give up", given: { picture: online, video: { kind: "connecting" } }, input: TICK, after: 60_000 },
  ])("$name", check);
});

describe("no boxes", () => {
  const seen = (after: number): Partial<Running> => ({ picture: { kind: "expected", sinceMs: T + after } });
  test.each<Row>([
    { name: "nothing detected for 2000 ms", given: seen(2_000), input: TICK, after: 2_000 },
    { name: "for longer: the model is asked after", given: seen(2_001), input: TICK, after: 2_001, changed: { boxes: "undetected" } },
    { name: "a detection", given: { boxes: "undetected" }, input: { kind: "detected" }, after: 50, changed: { detectedMs: T + 50 } },
    { name: "and no more questions", given: { boxes: "undetected" }, input: TICK, changed: { boxes: "expected" } },
    { name: "the feed is closed for 3000 ms", given: { ...seen(3_000), feed: { kind: "lost", sinceMs: T } }, input: TICK, after: 3_000 },
    { name: "for longer", given: { ...seen(3_001), feed: { kind: "lost", sinceMs: T } }, input: TICK, after: 3_001, changed: { boxes: "no-feed" } },
    { name: "it never opened", given: { ...seen(3_001), feed: { kind: "connecting", sinceMs: T } }, input: TICK, after: 3_001, changed: { boxes: "no-feed" } },
    { name: "it opens again", given: { boxes: "no-feed" }, input: TICK, changed: { boxes: "expected" } },
    {
      name: "without a picture nobody misses boxes",
      given: { picture: { ...MISSING, askedMs: T + 9_000 }, boxes: "undetected" },
      input: TICK,
      after: 9_000,
      changed: { boxes: "expected" },
    },
  ])("$name", check);
});

describe("the feed", () => {
  test.each<Row>([
    { name: "lost: counted from now", input: { kind: "feed", state: "waiting" }, after: 70, changed: { feed: { kind: "lost", sinceMs: T + 70 } } },
    { name: "lost again on the way: counted from the first time", given: { feed: { kind: "lost", sinceMs: T - 500 } }, input: { kind: "feed", state: "waiting" }, after: 70 },
    { name: "never open and refused", given: { feed: { kind: "connecting", sinceMs: T - 500 } }, input: { kind: "feed", state: "waiting" }, changed: { feed: { kind: "lost", sinceMs: T - 500 } } },
    { name: "tries again", given: { feed: { kind: "lost", sinceMs: T } }, input: { kind: "feed", state: "connecting" }, after: 70 },
    { name: "opens for the first time", given: { feed: { kind: "connecting", sinceMs: T - 5_000 }, presentedMs: T - 5_000 }, input: { kind: "feed", state: "open" }, changed: { feed: { kind: "open" } } },
  ])("$name", check);
});

describe("the server may be another once the feed is back", () => {
  const back = { feed: { kind: "lost", sinceMs: T - 4_000 } } as const;
  const returned = { server: { kind: "returned", sinceMs: T } } as const;
  const opens: Input = { kind: "feed", state: "open" };
  test.each<Row>([
    { name: "frames still come: it has to be seen", given: back, input: opens, changed: { feed: { kind: "open" }, ...returned }, effects: [FORGET] },
    { name: "none came: the video went with it", given: { ...back, presentedMs: T - 1_001 }, input: opens, changed: { feed: { kind: "open" } }, effects: [FORGET, LOST] },
    { name: "the video waits to try again: now is the time", given: { ...back, video: { kind: "retrying" } }, input: opens, changed: { feed: { kind: "open" } }, effects: [FORGET, RETRY_NOW] },
    { name: "frames stop within 3 s", given: { ...returned, presentedMs: T + 500 }, input: TICK, after: 1_501, changed: { server: { kind: "same" } }, effects: [LOST] },
    { name: "they go on, and it is too early to say", given: { ...returned, presentedMs: T + 1_900 }, input: TICK, after: 1_950 },
    {
      name: "they go on: the server of before",
      given: { ...returned, presentedMs: T + 3_000, picture: { kind: "expected", sinceMs: T + 3_000 }, detectedMs: T + 3_000 },
      input: TICK,
      after: 3_000,
      changed: { server: { kind: "same" } },
    },
    { name: "the feed is lost once more: the question stays", given: returned, input: { kind: "feed", state: "waiting" }, changed: { feed: { kind: "lost", sinceMs: T } } },
    {
      name: "one new session, not two",
      given: { ...returned, picture: { ...MISSING, onlineSinceMs: T, askedMs: T + 9_000 } },
      input: TICK,
      after: 9_000,
      changed: { server: { kind: "same" } },
      effects: [LOST],
    },
  ])("$name", check);
});

describe("the video connection", () => {
  test.each<Row>([
    { name: "stands", given: { video: { kind: "connecting" } }, input: { kind: "video", state: "playing" }, after: 40, changed: { video: { kind: "playing", sinceMs: T + 40 } } },
    { name: "failed", input: { kind: "video", state: "retrying" }, changed: { video: { kind: "retrying" } } },
    { name: "tries", given: { video: { kind: "retrying" } }, input: { kind: "video", state: "connecting" }, changed: { video: { kind: "connecting" } } },
  ])("$name", check);
});

describe("a hidden page", () => {
  test.each<Row>([
    {
      name: "no frame is presented: that means nothing",
      input: BLIND,
      after: 60_000,
      changed: { picture: { kind: "expected", sinceMs: T + 60_000 }, video: { kind: "playing", sinceMs: T + 60_000 }, presentedMs: T + 60_000 },
    },
    {
      name: "a connection that does not stand is left as it is",
      given: { video: { kind: "retrying" } },
      input: BLIND,
      after: 60_000,
      changed: { picture: { kind: "expected", sinceMs: T + 60_000 }, presentedMs: T + 60_000 },
    },
    {
      name: "a floating window sees frames: silence counts as ever",
      input: TICK,
      after: 60_000,
      changed: { picture: { ...MISSING, askedMs: T + 60_000 } },
      effects: [ASK],
    },
  ])("$name", check);
});
