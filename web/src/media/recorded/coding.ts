// How a recording is coded, as its header says: what a decoder has to be told.
import { boxes, find, View } from "./boxes";

/** The coding of the pictures behind one header. */
export interface Coding {
  /** As browsers name it: "avc1.64001F"; `JPEG` for pictures that are JPEG files. */
  codec: string;
  /** As people name it. */
  name: "H.264" | "H.265" | "MJPEG";
  /** The decoder's configuration record; empty for JPEG. */
  description: Uint8Array;
  width: number;
  height: number;
  /** The header itself, `ftyp` and `moov`. */
  header: Uint8Array;
}

/** What stands for a codec where each picture is a JPEG file: no browser's decoder has a name for it. */
export const JPEG = "jpeg";

/** A visual sample entry's fields before the boxes in it (section 12.1.3). */
const ENTRY_BYTES = 78;

/** The coding of a `moov` with its header, behind `fileType`. Throws where this player knows none of it. */
export function codingOf(fileType: Uint8Array, moov: Uint8Array): Coding {
  const described = find(moov.subarray(8), ["trak", "mdia", "minf", "stbl", "stsd"]);
  // Version, flags and the number of entries stand before them.
  const [entry] = described ? boxes(described.subarray(8)) : [];
  if (!entry || entry.content.length < ENTRY_BYTES) throw new Error("a recording without a description");
  const view = new View(entry.content);
  const inside = entry.content.subarray(ENTRY_BYTES);
  const header = new Uint8Array(fileType.length + moov.length);
  header.set(fileType);
  header.set(moov, fileType.length);
  const common = { width: view.u16(24), height: view.u16(26), header };
  const record = (type: string): Uint8Array => {
    const found = find(inside, [type]);
    if (!found) throw new Error(`a recording without ${type}`);
    return found.slice();
  };
  switch (entry.type) {
    case "avc1":
    case "avc3": {
      const description = record("avcC");
      return { ...common, name: "H.264", codec: `${entry.type}.${avcParameters(description)}`, description };
    }
    case "hvc1":
    case "hev1": {
      const description = record("hvcC");
      return { ...common, name: "H.265", codec: `${entry.type}.${hevcParameters(description)}`, description };
    }
    case "mp4v":
      return { ...common, name: "MJPEG", codec: JPEG, description: new Uint8Array() };
    default:
      throw new Error(`a recording coded as ${entry.type}`);
  }
}

/** Whether both are decoded alike. */
export function sameCoding(a: Coding, b: Coding): boolean {
  if (a === b) return true;
  return a.header.length === b.header.length && a.header.every((byte, at) => byte === b.header[at]);
}

/** Profile, constraints and level (RFC 6381, section 3.3). */
function avcParameters(record: Uint8Array): string {
  return [...record.subarray(1, 4)].map(hex).join("").toUpperCase();
}

/** ISO/IEC 14496-15, section E.3: profile, compatibility with its bits turned round, tier and level, constraints. */
function hevcParameters(record: Uint8Array): string {
  const view = new View(record);
  const first = view.u8(1);
  const space = ["", "A", "B", "C"][first >> 6] ?? "";
  let compatibility = 0;
  for (let bit = 0; bit < 32; bit++) if (view.u32(2) & (1 << bit)) compatibility |= 1 << (31 - bit);
  const constraints = [...record.subarray(6, 12)];
  while (constraints.at(-1) === 0) constraints.pop();
  const parts = [`${space}${first & 31}`, (compatibility >>> 0).toString(16).toUpperCase(), `${first & 32 ? "H" : "L"}${view.u8(12)}`];
  return [...parts, ...constraints.map((byte) => byte.toString(16).toUpperCase())].join(".");
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
