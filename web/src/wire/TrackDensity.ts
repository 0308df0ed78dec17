// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** How many tracks there were over time. */
export type TrackDensity = {
  /** When the first bucket begins, in UNIX seconds. */
  from: number;
  /** How long each bucket is, in seconds: a minute at least. */
  step: number;
  /** Of each class that was seen the tracks in each bucket. One that goes on through several is counted in each. */
  classes: { [key in string]: Array<number> };
};
