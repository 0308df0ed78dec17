// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { KeyProblem } from "./KeyProblem";

/** The body of every error answer, `application/problem+json` (RFC 9457). */
export type Problem = {
  /** Stable name of the kind of error, a URI. */
  type: string;
  /** The kind in words, the same each time. */
  title: string;
  /** The HTTP status. */
  status: number;
  /** What went wrong this time, and what to do. razz always says; a proxy before it may not. */
  detail: string | null;
  /** What is wrong with each key of settings that were sent. */
  errors?: Array<KeyProblem>;
};
