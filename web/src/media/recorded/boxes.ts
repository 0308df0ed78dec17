// Boxes of an MP4 file (ISO/IEC 14496-12, section 4.2), and the numbers in them.

/** Reads big-endian numbers. */
export class View {
  readonly #view: DataView;
  #at: number;

  /** `at`: where `next…` begins. */
  constructor(bytes: Uint8Array, at = 0) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = at;
  }

  u8(at: number): number {
    return this.#view.getUint8(at);
  }

  u16(at: number): number {
    return this.#view.getUint16(at);
  }

  u32(at: number): number {
    return this.#view.getUint32(at);
  }

  /** Exact below 2^53. */
  u64(at: number): number {
    return this.u32(at) * 2 ** 32 + this.u32(at + 4);
  }

  /** Four letters. */
  type(at: number): string {
    return String.fromCharCode(this.u8(at), this.u8(at + 1), this.u8(at + 2), this.u8(at + 3));
  }

  /** Version and flags, behind a header of eight bytes unless `at` says otherwise. */
  full(at = 8): { version: number; flags: number } {
    return { version: this.u8(at), flags: this.u32(at) & 0xff_ffff };
  }

  skip(bytes: number): void {
    this.#at += bytes;
  }

  next32(): number {
    this.#at += 4;
    return this.u32(this.#at - 4);
  }

  next64(): number {
    this.#at += 8;
    return this.u64(this.#at - 8);
  }
}

/** A box without its header. */
export interface Box {
  type: string;
  content: Uint8Array;
}

/** The boxes that stand one behind the other in `bytes`. What is cut short ends the list. */
export function boxes(bytes: Uint8Array): Box[] {
  const view = new View(bytes);
  const found: Box[] = [];
  for (let at = 0; at + 8 <= bytes.length;) {
    const size = view.u32(at);
    if (size < 8 || at + size > bytes.length) break;
    found.push({ type: view.type(at + 4), content: bytes.subarray(at + 8, at + size) });
    at += size;
  }
  return found;
}

/** The content of the first box down this path; null if there is none. */
export function find(bytes: Uint8Array, path: readonly string[]): Uint8Array | null {
  let inside: Uint8Array | undefined = bytes;
  for (const wanted of path) {
    inside = boxes(inside).find(({ type }) => type === wanted)?.content;
    if (!inside) return null;
  }
  return inside;
}
