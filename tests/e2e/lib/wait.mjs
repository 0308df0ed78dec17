// Waiting by condition, with a deadline; no test sleeps for luck.

import { setTimeout as pause } from "node:timers/promises";

/**
 * Asks `condition` again and again until it answers something truthy, and answers that.
 * After `seconds` it fails, naming `what` it waited for (text, or a function that says it then) and
 * the last error on the way.
 */
export async function until(what, condition, { seconds = 10, every = 50 } = {}) {
  const deadline = Date.now() + seconds * 1000;
  let trouble;
  for (;;) {
    try {
      const answer = await condition();
      if (answer) return answer;
      trouble = undefined;
    } catch (error) {
      trouble = error;
    }
    if (Date.now() > deadline) {
      const named = typeof what === "function" ? what() : what;
      throw new Error(`waited ${seconds} s for ${named}${trouble ? `; the last try: ${trouble.message}` : ""}`);
    }
    await pause(every);
  }
}

/** Lets a span pass that is itself what is measured (an interval of video, a watchdog's patience). */
export const measureFor = (seconds) => pause(seconds * 1000);

/** `promise`, or a failure that names `what` after `seconds`. */
export async function within(what, promise, seconds) {
  const done = new AbortController();
  const late = pause(seconds * 1000, undefined, { signal: done.signal }).then(() => {
    throw new Error(`${what} took longer than ${seconds} s`);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    done.abort();
    late.catch(() => {});
  }
}
