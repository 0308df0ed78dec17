// The footage of one script, taken apart into fragments.
import { View } from "../recorded/boxes";
import { FragmentParser } from "../recorded/fmp4";

/** One fragment, and where in the chunk it stands. */
export interface Piece {
  at: number;
  end: number;
  /** It begins with a key picture. */
  key: boolean;
  /** Media time of its first picture, behind its last one, and the first one's wall time in UNIX seconds. */
  time: number;
  until: number;
  unix: number;
  /** `ftyp` and `moov` that it is decoded by. */
  header: Uint8Array;
}

/** A chunk with what is in it. */
export interface Chunk {
  bytes: Uint8Array;
  pieces: Piece[];
}

/** Takes a chunk apart. Throws where it is no footage. */
export function chunkOf(bytes: Uint8Array): Chunk {
  const view = new View(bytes);
  const parser = new FragmentParser();
  const pieces: Piece[] = [];
  let header = new Uint8Array();
  let fileType = 0;
  /** Where the fragment begins whose end has not come. */
  let begun: number | null = null;
  for (let at = 0; at + 8 <= bytes.length;) {
    const end = at + view.u32(at);
    if (end < at + 8 || end > bytes.length) throw new Error("footage that was cut short");
    const type = view.type(at + 4);
    if (type === "ftyp") fileType = at;
    else if (type === "moov") header = bytes.slice(fileType, end);
    else if (type === "prft" || type === "moof") begun ??= at;
    const [fragment] = parser.push(bytes.subarray(at, end));
    if (fragment) {
      const [first] = fragment.samples;
      const times = fragment.samples.map(({ time }) => time);
      if (first) {
        const time = Math.min(...times);
        const until = Math.max(...fragment.samples.map((sample) => sample.time + sample.duration));
        pieces.push({ at: begun ?? at, end, key: first.key, time, until, unix: first.unix + (time - first.time) / 90_000, header });
      }
      begun = null;
    } else if (type === "free") {
      // The checksum behind a fragment belongs to it.
      const last = pieces.at(-1);
      if (last?.end === at) last.end = end;
    }
    at = end;
  }
  return { bytes, pieces };
}

/** Where in a fragment its decode time stands: behind `prft`, in `tfdt` (crates/media, mp4/write, `TIME_AT`). */
const TIME_AT = 92;

/** The decode time of a fragment. */
export function decodeTimeOf({ bytes }: Chunk, { at }: Piece): number {
  return checked(new View(bytes), at).u64(at + TIME_AT);
}

/** Sets it in `copy`, in which the fragment begins at `at`. */
export function setDecodeTime(copy: Uint8Array, at: number, time: number): void {
  checked(new View(copy), at);
  new DataView(copy.buffer, copy.byteOffset).setBigUint64(at + TIME_AT, BigInt(time));
}

function checked(view: View, at: number): View {
  if (view.type(at + TIME_AT - 8) !== "tfdt" || view.full(at + TIME_AT - 4).version !== 1) throw new Error("a fragment that was not written by razz");
  return view;
}
