// What a player of recordings says to people.
import { capitalised, whepFailureWords } from "../words";
import type { Failure } from "./server";

/** Why there is no picture, one line each. */
export function troubleWords(trouble: Failure | "nothing" | null, unplayable: string | null): string[] {
  if (unplayable !== null) {
    return [`This browser does not play ${unplayable} recordings.`, ...(unplayable === "H.265" ? ["Chrome and Edge do with hardware for it, Safari does; a download plays everywhere."] : [])];
  }
  if (trouble === "nothing") return ["Nothing is recorded here."];
  if (trouble?.kind === "file") return [`${trouble.name} is missing, or cannot be read.`, "Copy the whole folder of the export, with everything in it."];
  if (trouble !== null) return [`${capitalised(whepFailureWords(trouble))}.`];
  return ["Loading the recording…"];
}
