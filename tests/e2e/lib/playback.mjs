// A player of recordings on a page, and what is true of the frames that it draws: the number that their media time
// implies, and the tracks that the server tells of it or leads from one detection to the next.

import assert from "node:assert/strict";
import { fillWithPlayer } from "./browser.mjs";
import { expectedNumber, installCounter, recordDrawn } from "./counter.mjs";
import { until } from "./wait.mjs";

/** Detections further apart are not joined. In 90 kHz ticks. */
const JOINED = 180_000;

/** What the server has of camera 1. */
export async function recorded(razz) {
  const { cameras } = await razz.json("/api/recordings?camera=1&points=1");
  const spans = cameras[0].spans.map(({ from, to }) => ({ from: Number(from.media_time), until: Number(to.media_time), unix: from.unix }));
  return { spans, seconds: spans.reduce((sum, span) => sum + (span.until - span.from) / 90_000, 0) };
}

/** Waits until so many seconds are recorded in all, and answers the spans. */
export const untilRecorded = (razz, seconds) =>
  until(`${seconds} s of footage`, async () => {
    const known = await recorded(razz);
    if (known.seconds >= seconds) return known.spans;
    throw new Error(`there are ${known.seconds.toFixed(1)} s`);
  }, { seconds: seconds + 30, every: 250 });

/** The tracks of any frame between two media times, by the server's answer. */
export class TrackTruth {
  /** Once the server knows of a detection behind `end`, nothing before it changes any more. */
  static of(razz, from, end) {
    return until("all tracks to be stored", async () => {
      const { frames } = await razz.json(`/api/recordings/1/tracks?from=90k:${from}&to=90k:${end}`);
      const truth = new TrackTruth();
      truth.frames = frames.map((frame) => ({ ...frame, time: Number(frame.media_time) })).sort((a, b) => a.time - b.time);
      return (truth.frames.at(-1)?.time ?? 0) >= end && truth;
    }, { seconds: 30, every: 250 });
  }

  /** Track id and box of everything on the frame of this media time. */
  at(time) {
    const next = this.frames.findIndex((frame) => frame.time >= time);
    const [before, after] = [this.frames[next - 1], this.frames[next]];
    if (after?.time === time) return after.tracks.map(({ track_id, bbox }) => ({ track_id, bbox }));
    if (!before || !after || after.time - before.time > JOINED) return [];
    const share = (time - before.time) / (after.time - before.time);
    return before.tracks.flatMap(({ track_id, bbox }) => {
      const then = after.tracks.find((track) => track.track_id === track_id);
      return then ? [{ track_id, bbox: bbox.map((edge, at) => edge + share * (then.bbox[at] - edge)) }] : [];
    });
  }
}

/** A page with one player of camera 1 that plays the recording; `codecs` false: one of a browser without WebCodecs. */
export class Playback {
  static async open(world, razz, at, { codecs = true, rate = "1", paused = false } = {}) {
    const playback = new Playback();
    playback.page = await world.page("about:blank");
    playback.loaded = [];
    playback.page.on("request", (request) => playback.loaded.push(new URL(request.url()).pathname));
    // As on pages without TLS.
    if (!codecs) await playback.page.addInitScript(() => { delete window.VideoDecoder; });
    await playback.page.goto(razz.at("/healthz"));
    await playback.page.evaluate(installCounter);
    await playback.page.evaluate(async ([attributes, still]) => {
      await import("/player.js");
      const player = document.createElement("razz-player");
      for (const [name, value] of Object.entries(attributes)) player.setAttribute(name, value);
      window.told = [];
      for (const type of ["razz-playback", "razz-gap"]) player.addEventListener(type, ({ detail }) => window.told.push({ type, ...detail }));
      document.body.replaceChildren(player);
      if (still) player.pause();
    }, [{ camera: "1", at, rate, controls: "" }, paused]);
    await fillWithPlayer(playback.page);
    await playback.page.evaluate(recordDrawn);
    return playback;
  }

  /** Calls `what` with the player. */
  do(what, argument) {
    return this.page.evaluate(`(${what})(document.querySelector("razz-player"), ${JSON.stringify(argument ?? null)})`);
  }

  /** The frames drawn since this was called last. */
  drawn() {
    return this.page.evaluate(() => window.drawn.splice(0));
  }

  /** What was told of this type. */
  told(type) {
    return this.page.evaluate((wanted) => window.told.filter((one) => one.type === wanted), type);
  }

  /** Waits until the player seeks nothing, and stands on or plays the frame that was sought. */
  untilSettled(what) {
    return until(what, () => this.page.evaluate(() => window.told.findLast(({ type }) => type === "razz-playback")?.seeking === false), { seconds: 20, every: 20 });
  }

  /** Goes to a media time, and answers what was drawn on the way. */
  async seek(time) {
    await this.page.evaluate((to) => {
      window.drawn.length = window.told.length = 0;
      document.querySelector("razz-player").seek(to);
    }, `90k:${time}`);
    await this.untilSettled(`the frame of ${time}`);
    return this.drawn();
  }

  /** Steps by one frame, and answers what was drawn. */
  async step(direction) {
    const before = await this.do((player) => player.frame.mediaTime);
    await this.do((player, by) => player.step(by), direction);
    await until("the next frame", () => this.do((player, old) => player.frame.mediaTime !== old, before), { seconds: 20, every: 10 });
    return this.drawn();
  }

  /** Until so many frames were drawn; answers them, and the seconds that it took. */
  async frames(count, seconds = 40) {
    await this.drawn();
    await until(`${count} drawn frames`, () => this.page.evaluate((least) => window.drawn.length >= least, count), { seconds, every: 20 });
    return this.drawn();
  }
}

/**
 * Every drawn frame shows the number of its media time, and its own tracks; what is stored of them is rounded to a quarter
 * of a pixel. Answers how many boxes that were.
 */
export function checkFrames(drawn, { fixed, loop, tracks }, what) {
  assert.ok(drawn.length > 0, `${what}: something is drawn`);
  let boxes = 0;
  for (const frame of drawn) {
    const name = `${what}: the frame of ${frame.mediaTime}`;
    assert.equal(frame.rtp, frame.mediaTime % 2 ** 32, `${name} has the RTP timestamp of its media time`);
    assert.equal(frame.number, expectedNumber(frame.rtp, fixed, loop), `${name} shows its number`);
    assert.equal(frame.mode, "exact", `${name} is exact`);
    assert.equal(frame.tracksRtp, frame.rtp, `${name} has its own tracks`);
    const must = tracks.at(frame.mediaTime);
    assert.deepEqual(frame.tracks.map((track) => track.track_id).sort(), must.map((track) => track.track_id).sort(), `${name} has the tracks that the server tells`);
    for (const { track_id, bbox } of must) {
      const shown = frame.tracks.find((track) => track.track_id === track_id).bbox;
      bbox.forEach((edge, at) => assert.ok(Math.abs(edge - shown[at]) < 0.3, `${name}: track ${track_id} is at ${shown}, and has to be at ${bbox}`));
      boxes += 1;
    }
  }
  return boxes;
}
