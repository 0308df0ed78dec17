// A row in words.
import type { FactRow } from "../../wire";
import { stayWords } from "./buckets";

/** "person in", "person, 3 min 05 s", "person, still there". */
export function rowWords({ kind, class: name, direction, dwell_s: dwell, to }: FactRow): string {
  if (kind === "crossing") return direction === null ? name : `${name} ${direction}`;
  return dwell !== null ? `${name}, ${stayWords(dwell)}` : to === null ? `${name}, still there` : name;
}

/** What else is known of it: "lost from sight", "1.4 m/s ± 0.2". */
export function moreWords({ end, bridged, entered, speed_mps: speed, speed_error_mps: error }: FactRow, locale?: string): string {
  const one = (value: number): string => value.toLocaleString(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const parts = [
    end === "lost" ? "lost from sight" : end === "closed" ? "ended with the recording" : null,
    entered === false ? "was there when it began" : null,
    bridged ? "out of sight in between" : null,
    speed === null ? null : `${one(speed)} m/s${error === null ? "" : ` ± ${one(error)}`}`,
  ];
  return parts.filter((part) => part !== null).join(", ");
}
