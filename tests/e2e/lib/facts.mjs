// What is counted, as the tests ask for it: told over the WebSocket, kept, and true of the scene.

import { FRAME_TICKS, ticksBetween } from "./counter.mjs";
import { Tracks } from "./razz.mjs";
import { until } from "./wait.mjs";

/** From the bottom to above everybody's feet, across the middle of the picture: who goes to the right goes in. */
export const LINE = [[0.5, 0.999], [0.5, 0.3]];
/** Around it, as deep as everybody's feet go. */
export const ZONE = [[0.35, 0.45], [0.65, 0.45], [0.65, 0.999], [0.35, 0.999]];

export const mediaTime = ({ at }) => Number(at.media_time);

/** What names a fact: a higher revision of the same replaces it. */
export const keyOf = ({ kind, camera_id, area, at, track_id }) => `${kind} ${camera_id} ${area} ${at.media_time} ${track_id}`;

/** The WebSocket that tells what is counted. */
export class FactFeed extends Tracks {
  static async of(world, razz) {
    const feed = world.keep(new FactFeed(`ws://${razz.addresses.listen}/ws/facts`));
    await feed.opened;
    return feed;
  }

  /** Messages of a type, in the order in which they came. */
  of(type) {
    return this.messages.map(({ json }) => json).filter((message) => message.type === type);
  }

  /** What is told to be so by now: of each fact the highest revision, without those that turned out to be wrong. */
  facts() {
    const newest = new Map();
    for (const { fact, retracted } of this.of("fact")) {
      if ((newest.get(keyOf(fact))?.fact.revision ?? -1) <= fact.revision) newest.set(keyOf(fact), { fact, retracted });
    }
    return [...newest.values()].filter(({ retracted }) => !retracted).map(({ fact }) => fact);
  }

  untilFacts(count, { kind, seconds = 60 } = {}) {
    return until(() => `${count} facts (of ${this.facts().length})`, () => {
      const found = this.facts().filter((fact) => kind === undefined || fact.kind === kind);
      return found.length >= count && found;
    }, { seconds });
  }

  /** How it is at an area, as it was told last. */
  now(area) {
    return this.of("now").flatMap(({ areas }) => areas).findLast((now) => now.area === area);
  }
}

/** All rows that are kept, newest first; `query` begins with `&` or is empty. */
export async function factRows(razz, query = "") {
  const rows = [];
  let before = "";
  for (;;) {
    const page = await razz.json(`/api/facts/rows?from=0&limit=1000${query}${before}`);
    rows.push(...page.rows);
    if (page.next === null) return rows;
    before = `&before=${page.next}`;
  }
}

/** Sums of an area over all that there was until `to`. */
export async function factSums(razz, area, to) {
  const from = Math.floor(Date.now() / 86_400_000) * 86_400 - 86_400;
  const { areas } = await razz.json(`/api/facts?area=${encodeURIComponent(area)}&from=${from}&to=${to}&step=300`);
  return areas[0];
}

export async function areasOf(razz, camera = 1) {
  const { areas } = await razz.json(`/api/areas?camera=${camera}`);
  return areas;
}

/** Sends JSON; answers the status and the body. */
export async function send(razz, method, route, body) {
  const response = await fetch(razz.at(route), { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  return { status: response.status, body: await response.json() };
}

/** Where the middle of the picture is truly crossed in a loop of the scene: frame, direction, object, and whether it is in plain sight. */
export function trueCrossings(frames, x = 640) {
  const middle = ({ bbox }) => (bbox[0] + bbox[2]) / 2;
  return frames.flatMap((objects, number) => {
    const later = new Map(frames[(number + 1) % frames.length].map((object) => [object.object, object]));
    return objects.flatMap((object) => {
      const next = later.get(object.object);
      if (!next) return [];
      const [a, b] = [middle(object) - x, middle(next) - x];
      if (a === b || a * b > 0 || b === 0) return [];
      return [{ frame: number + a / (a - b), direction: b > 0 ? "in" : "out", object: object.object, seen: object.visible > 0.5 }];
    });
  });
}

/** Which frame of the loop a media time is, with its part behind the point. */
export function frameAt(mediaTicks, fixed, loop) {
  const rtp = Number(BigInt(Math.round(mediaTicks)) & 0xffffffffn);
  const frame = ticksBetween(rtp, fixed.rtp) / FRAME_TICKS + fixed.number;
  return ((frame % loop) + loop) % loop;
}

/** Frames from one place of the loop to another, the shorter way. */
export function framesApart(a, b, loop) {
  const apart = Math.abs(a - b) % loop;
  return Math.min(apart, loop - apart);
}

/** The middle of the widest gap between places of the loop. */
export function widestGap(places, loop) {
  const sorted = places.toSorted((a, b) => a - b);
  const gaps = sorted.map((place, at) => ({ place, wide: (sorted[at + 1] ?? sorted[0] + loop) - place }));
  const { place, wide } = gaps.reduce((best, gap) => (gap.wide > best.wide ? gap : best));
  return (place + wide / 2) % loop;
}
