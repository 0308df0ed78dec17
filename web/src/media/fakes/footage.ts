// Recordings for tests: boxes built by hand as the server writes them, and answers made of such.
import type { FakeRequest } from "./server";

/** 2026-11-28 14:03:00 UTC, and the media time that goes with it: 1 s later than the wall says. */
export const UNIX = 1_795_874_580;
export const START = (UNIX + 1) * 90_000;
/** Ticks from one picture to the next. */
export const PICTURE = 3_000;

/** A number in so many bytes. */
export function u(bytes: number, value: number): number[] {
  return Array.from({ length: bytes }, (_, at) => Math.floor(value / 2 ** (8 * (bytes - 1 - at))) % 256);
}

/** Letters as bytes. */
export const letters = (text: string): number[] => Array.from(text, (letter) => letter.charCodeAt(0));

/** A box with these bytes in it. */
export function box(type: string, ...content: number[][]): number[] {
  const inside = content.flat();
  return [...u(4, 8 + inside.length), ...letters(type), ...inside];
}

/** What is in front of the boxes in a sample entry: 1280 x 720. */
const ENTRY = [...u(6, 0), ...u(2, 1), ...u(16, 0), ...u(2, 1280), ...u(2, 720), ...u(50, 0)];
export const AVCC = [1, 0x64, 0, 0x1f, 0xff, 0xe1, 0, 2, 0x67, 0x64, 1, 0, 1, 0x68];

/** `ftyp` and `moov`; what is coded how is in `entry`. */
export function header(entry = box("avc1", ENTRY, box("avcC", AVCC))): number[] {
  const stsd = box("stsd", u(4, 0), u(4, 1), entry);
  return [...box("ftyp", letters("iso6")), ...box("moov", box("trak", box("mdia", box("minf", box("stbl", stsd)))))];
}

/** A sample entry of this type with one box in it. */
export const entry = (type: string, record: string, content: number[]): number[] => box(type, ENTRY, box(record, content));

/** One picture as a fragment says it; `later`: shown so much later than decoded. */
export interface FakeSample {
  key?: boolean;
  later?: number;
  duration?: number;
  data?: number[];
}

/** A fragment as the server writes it. */
export function fragment(time: number, samples: readonly FakeSample[], unix = time / 90_000 - 1): number[] {
  const seconds = Math.floor(unix);
  const prft = box("prft", u(4, 0x0100_0000), u(4, 1), u(4, seconds + 2_208_988_800), u(4, Math.round((unix - seconds) * 2 ** 32)), u(8, time));
  const data = samples.map(({ data = [1, 2, 3] }) => data);
  const rows = samples.map(({ key = false, later = 0, duration = PICTURE }, at) => [
    ...u(4, duration), ...u(4, data[at]?.length ?? 0), ...u(4, key ? 0x0200_0000 : 0x0101_0000), ...u(4, later < 0 ? later + 2 ** 32 : later),
  ]);
  const moof = (offset: number): number[] => box("moof", box("mfhd", u(4, 0), u(4, 1)), box("traf",
    box("tfhd", u(4, 0x2_0000), u(4, 1)),
    box("tfdt", u(4, 0x0100_0000), u(8, time)),
    box("trun", u(4, 0x0100_0f01), u(4, samples.length), u(4, offset), rows.flat()),
  ));
  return [...prft, ...moof(moof(0).length + 8), ...box("mdat", data.flat()), ...box("free", letters("crc "), u(4, 0))];
}

/** A GOP of `pictures` from `time` on: the key picture alone, then the others. */
export function gop(time: number, pictures: number): number[] {
  const rest = Array.from({ length: pictures - 1 }, () => ({}));
  return [...fragment(time, [{ key: true }]), ...(rest.length > 0 ? fragment(time + PICTURE, rest) : [])];
}

/** Footage of GOPs of ten pictures, in media times; each beginning, and the end. */
export interface FakeSpan {
  from: number;
  until: number;
}

/** Answers for fragments and lists of spans as the server does, from footage of GOPs of ten pictures. */
export class FakeRecorder {
  spans: FakeSpan[] = [{ from: START, until: START + 60 * 10 * PICTURE }];
  #asked: string[] = [];

  /** What was asked for since this was looked at last: "from-to" in seconds after the start, with "k" for key pictures. */
  get asked(): string[] {
    return this.#asked.splice(0);
  }

  /** Answers `/fragments`. */
  readonly fragments = (request: FakeRequest): void => {
    const query = new URL(request.url).searchParams;
    const [from, to] = [timeOf(query.get("from") ?? ""), timeOf(query.get("to") ?? "")];
    const isKeys = query.get("keys") === "1";
    this.#asked.push(`${(from - START) / 90_000}-${(to - START) / 90_000}${isKeys ? "k" : ""}`);
    const bytes: number[] = [];
    for (const span of this.spans) {
      if (span.until <= from || span.from >= to) continue;
      for (let time = span.from; time < span.until && time < to; time += 10 * PICTURE) {
        if (time + 10 * PICTURE <= from) continue;
        bytes.push(...(isKeys ? gop(time, 1) : gop(time, Math.min(10, (span.until - time) / PICTURE))));
      }
    }
    if (bytes.length === 0) void request.answer(404);
    else request.respond(new Response(new Uint8Array([...header(), ...bytes])));
  };

  /** Answers `/api/recordings`. */
  readonly list = (request: FakeRequest): void => {
    const query = new URL(request.url).searchParams;
    const [from, to] = [timeOf(query.get("from") ?? ""), timeOf(query.get("to") ?? "")];
    const moment = (time: number): object => ({ unix: time / 90_000 - 1, media_time: String(time) });
    const spans = this.spans.filter((span) => span.until > from && span.from < to).map((span) => ({ from: moment(span.from), to: moment(span.until) }));
    void request.answer(200, { cameras: [{ camera_id: 7, spans }] });
  };
}

function timeOf(text: string): number {
  return text.startsWith("90k:") ? Number(text.slice(4)) : Math.round((Number(text) + 1) * 90_000);
}
