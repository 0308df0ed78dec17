// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { AlertState } from "./AlertState";
import type { Moment } from "./Moment";

/** Something that a rule found. */
export type AlertInfo = {
  /** Its name. */
  id: string;
  /** The rule's name. */
  rule: string;
  /** Where it stands. */
  state: AlertState;
  /** At which camera. */
  camera_id: number | null;
  /** At which line or in which zone. */
  area: string | null;
  /** What it is about, where that is one class. */
  class: string | null;
  /** In a sentence. */
  words: string;
  /** Since when it is so. */
  since: Moment;
  /** Until when it was. */
  until: Moment | null;
  /** How often it happened. */
  count: number;
  /** Who has seen to it. */
  acknowledged_by: string | null;
  /** When, in UNIX seconds. */
  acknowledged_at: number | null;
};
