// Codecs as browsers name them.
import { expect, test } from "vitest";
import { AVCC, entry, header, START, gop } from "../fakes/footage";
import { sameCoding } from "./coding";
import { FragmentParser } from "./fmp4";

const HVCC = (general: number[]): number[] => [1, ...general, 0xf0, 0, 0xfc, 0xfd, 0xf8, 0xf8, 0, 0, 0x0f, 0];

const codingOf = (bytes: readonly number[]) => new FragmentParser().push(Uint8Array.from([...bytes, ...gop(START, 1)]))[0]?.coding;

test.each([
  { what: entry("avc1", "avcC", AVCC), codec: "avc1.64001F", name: "H.264" },
  { what: entry("avc1", "avcC", [1, 0x42, 0xe0, 0x0a, 0xff, 0xe0, 0]), codec: "avc1.42E00A", name: "H.264" },
  // Main profile, level 3.1, as ISO/IEC 14496-15 section E.3 writes it.
  { what: entry("hvc1", "hvcC", HVCC([0x01, 0x60, 0, 0, 0, 0xb0, 0, 0, 0, 0, 0, 93])), codec: "hvc1.1.6.L93.B0", name: "H.265" },
  { what: entry("hvc1", "hvcC", HVCC([0x62, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 120])), codec: "hvc1.A2.4.H120", name: "H.265" },
  { what: entry("mp4v", "esds", [0, 0, 0, 0]), codec: "jpeg", name: "MJPEG" },
])("$codec is $name of 1280 x 720", ({ what, codec, name }) => {
  const coding = codingOf(header(what));
  expect(coding && [coding.codec, coding.name, coding.width, coding.height]).toEqual([codec, name, 1280, 720]);
});

test("two headers that say the same are one coding", () => {
  const [one, again, other] = [codingOf(header()), codingOf(header()), codingOf(header(entry("avc1", "avcC", [...AVCC, 0])))];
  if (!one || !again || !other) throw new Error("no coding");
  expect([sameCoding(one, again), sameCoding(one, other)]).toEqual([true, false]);
  expect([...one.description]).toEqual(AVCC);
});
