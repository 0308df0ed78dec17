// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { AlertInfo } from "./AlertInfo";

/** `GET /api/alerts`. */
export type Alerts = {
  /** The newest first. */
  alerts: Array<AlertInfo>;
  /** What `before` is for the ones before them; null: there are none. */
  next: string | null;
  /** How many nobody has seen to. */
  open: number;
};
