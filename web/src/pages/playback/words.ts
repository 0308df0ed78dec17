// What the page says in words: reasons, objects, lengths of time.
import type { At, Footage, Lock } from "./coverage";
import type { Reason } from "./recordings";

const REASONS: Record<Reason, string> = {
  camera_gone: "the camera was not reachable",
  no_key_picture: "the camera sent no key picture",
  format: "the camera's encoding cannot be recorded",
  disk_slow: "the disk was too slow",
  disk_full: "the disk was full",
  disk_gone: "the disk was gone",
  off: "recording was off",
  quiet: "nobody was there",
  not_running: "razz was not running",
  crash: "razz or its machine stopped without warning",
  deleted: "deleted to make room",
  unknown: "nobody knows why: the index was lost",
};

/** Holes that are as somebody set it: they are no reason to worry. */
const INTENDED: readonly string[] = ["off", "quiet", "deleted"];

/** Why there is no footage. */
export function reasonWords(reason: string): string {
  return reason in REASONS ? REASONS[reason as Reason] : reason.replaceAll("_", " ");
}

/** Whether footage is missing that should be there. */
export function isLoss(reason: string): boolean {
  return !INTENDED.includes(reason);
}

/** The kinds that have a colour of their own. */
export const KINDS = ["person", "vehicle", "animal", "other"] as const;
export type Kind = (typeof KINDS)[number];

const VEHICLES = new Set(["bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat", "vehicle", "van"]);
const ANIMALS = new Set(["bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe", "animal"]);

/** The kind of a detector's class. */
export function kindOf(name: string): Kind {
  return name === "person" || name === "pedestrian" ? "person" : VEHICLES.has(name) ? "vehicle" : ANIMALS.has(name) ? "animal" : "other";
}

const PLURALS: Record<string, string> = { person: "people", bus: "buses", sheep: "sheep" };

/** "2 people, 1 car". */
export function countWords(counts: ReadonlyMap<string, number>): string {
  const all = [...counts].sort(([, a], [, b]) => b - a);
  return all.map(([name, count]) => `${count} ${count === 1 ? name : (PLURALS[name] ?? `${name}s`)}`).join(", ");
}

/** "recorded, 2 people", "not recorded: the disk was full". */
export function atWords(at: At, counts: ReadonlyMap<string, number>): string {
  if (at.kind === "footage") return ["recorded", countWords(counts)].filter((part) => part !== "").join(", ");
  return at.kind === "gap" ? `not recorded: ${reasonWords(at.gap.reason)}` : "nothing recorded";
}

/** "locked by anna: burglary", "locked". */
export function lockWords({ note, by }: Pick<Lock, "note" | "by">): string {
  return `locked${by === null ? "" : ` by ${by}`}${note === "" ? "" : `: ${note}`}`;
}

/** A sentence where a camera should record and does not; empty where all is well. */
export function troubleWords(name: string, { state, reason, error }: Footage): string {
  if (state !== "stopped") return "";
  const why = [reason === null ? "" : reasonWords(reason), error ?? ""].filter((part) => part !== "").join("; ");
  return why === "" ? `${name} is not being recorded.` : `${name} is not being recorded: ${why}.`;
}

/** A length of time: "0.4 s", "12 s", "3 min 05 s", "2 h 10 min", "4 d 3 h". */
export function lengthWords(seconds: number): string {
  const two = (count: number): string => String(count).padStart(2, "0");
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 1_440) return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
  return `${Math.floor(minutes / 1_440)} d ${Math.floor((minutes % 1_440) / 60)} h`;
}
