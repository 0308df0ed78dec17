// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { FactDirection } from "./FactDirection";
import type { RuleWhen } from "./RuleWhen";

/** What a rule is to be. */
export type RuleEdit = {
  /** What people call it; each rule has another name. */
  name: string;
  /** What it looks for. */
  when: RuleWhen;
  /** At which camera; null: at each. */
  camera_id?: number | null;
  /** At which line or in which zone. */
  area?: string | null;
  /** Which classes count; none: all. */
  classes?: Array<string>;
  /** Which way over a line; null: both. */
  direction?: FactDirection | null;
  /** Of occupancy: more than so many; of dwell: seconds; of speed: m/s. */
  above?: number | null;
  /** Of occupancy: fewer than so many. */
  below?: number | null;
  /** How long it has to be so, in seconds. */
  for_s?: number;
  /** After an alert was sent, what happens again for so long is counted with it, in seconds. */
  cooldown_s?: number;
  /** When it looks, as `Mo-Fr 08:00-18:00, Sa 10:00-14:00`; empty: always. */
  schedule?: string;
  /** Where its alerts go besides the app. */
  notify?: Array<string>;
};
