// Turns coded pictures into pictures (WebCodecs), each with the name that its coded picture had.
import { JPEG, type Coding } from "./coding";
import type { Sample } from "./fmp4";

/** One picture of a recording. Whoever has it closes its image. */
export interface Decoded {
  sample: Sample;
  image: VideoFrame;
}

/** A decoder that takes coded pictures and gives nothing for this long has stopped, whatever it says. */
const SILENT_MS = 4_000;

/** Whether this browser decodes what is coded so. */
export async function decodes(coding: Coding): Promise<boolean> {
  if (typeof VideoFrame === "undefined") return false;
  if (coding.codec === JPEG) return true;
  if (typeof VideoDecoder === "undefined") return false;
  try {
    return (await VideoDecoder.isConfigSupported(configOf(coding, false))).supported === true;
  } catch {
    return false;
  }
}

function configOf({ codec, description, width, height }: Coding, isSoftware: boolean): VideoDecoderConfig {
  return {
    codec,
    description,
    codedWidth: width,
    codedHeight: height,
    optimizeForLatency: true,
    ...(isSoftware && { hardwareAcceleration: "prefer-software" }),
  };
}

/** Decodes one picture after the other; begins anew at any key picture. */
export class Decoder {
  readonly #onPicture: (picture: Decoded) => void;
  readonly #onFailure: () => void;
  #decoder: VideoDecoder | null = null;
  #coding: Coding | null = null;
  /** What is inside, by the timestamp in µs that the decoder knows it under. */
  #inside = new Map<number, Sample>();
  /** The media time that counts as 0 µs: near what is decoded, so that no browser rounds. */
  #base = 0;
  /** A hardware decoder fell silent or failed: from then on the browser's own. */
  #isSoftware = false;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #isFlushing = false;
  /** The JPEG files that are being decoded, one after the other. */
  #files = Promise.resolve();
  /** What was begun before this number is not wanted any more. */
  #turn = 0;

  /** `onPicture` gets pictures in the order in which they are shown; `onFailure`: nothing more comes of what is inside. */
  constructor(onPicture: (picture: Decoded) => void, onFailure: () => void) {
    this.#onPicture = onPicture;
    this.#onFailure = onFailure;
  }

  /** Coded pictures that went in and have not come out. */
  get inside(): number {
    return this.#inside.size;
  }

  /** Of these, those that the browser's decoder has not taken yet. */
  get waiting(): number {
    return this.#decoder?.decodeQueueSize ?? 0;
  }

  /** Forgets what is inside. The next picture has to be a key picture, coded like this. */
  begin(coding: Coding, time: number): void {
    this.#forget();
    this.#coding = coding;
    this.#base = time;
    if (coding.codec === JPEG) return;
    if (this.#decoder?.state === "configured" || this.#decoder?.state === "unconfigured") this.#decoder.reset();
    else this.#decoder = this.#made();
    this.#decoder.configure(configOf(coding, this.#isSoftware));
  }

  /** Puts a picture in. */
  decode(sample: Sample): void {
    if (this.#coding?.codec === JPEG) {
      const turn = this.#turn;
      this.#inside.set(sample.time, sample);
      this.#files = this.#files.then(() => this.#decodeFile(sample, turn));
      return;
    }
    if (this.#decoder?.state !== "configured") return;
    // Media time in µs is no whole number: the table leads back from what stands here, not arithmetic.
    const timestamp = Math.round(((sample.time - this.#base) * 100) / 9);
    this.#inside.set(timestamp, sample);
    this.#watch();
    this.#decoder.decode(new EncodedVideoChunk({ type: sample.key ? "key" : "delta", timestamp, data: sample.data }));
  }

  /** Gives out what it holds back. The next picture has to be a key picture. */
  async flush(): Promise<void> {
    const turn = this.#turn;
    if (this.#coding?.codec === JPEG) await this.#files;
    if (this.#decoder?.state !== "configured" || this.#coding?.codec === JPEG) return;
    this.#isFlushing = true;
    this.#watch();
    await this.#decoder.flush().catch(() => undefined);
    if (turn === this.#turn) this.#isFlushing = false;
    // What it did not give out by now is lost: damaged.
    if (turn === this.#turn) this.#inside.clear();
    this.#watch();
  }

  /** Ends. */
  close(): void {
    this.#forget();
    if (this.#decoder && this.#decoder.state !== "closed") this.#decoder.close();
    this.#decoder = null;
  }

  #forget(): void {
    this.#turn++;
    this.#isFlushing = false;
    this.#inside.clear();
    clearTimeout(this.#silence);
  }

  #made(): VideoDecoder {
    const made: VideoDecoder = new VideoDecoder({
      output: (image) => {
        if (made === this.#decoder) this.#out(image);
        else image.close();
      },
      error: () => {
        if (made === this.#decoder) this.#fail();
      },
    });
    return made;
  }

  #out(image: VideoFrame): void {
    // Safari gives some timestamps back one less.
    const timestamp = [0, 1, -1].map((by) => image.timestamp + by).find((at) => this.#inside.has(at));
    const sample = timestamp === undefined ? undefined : this.#inside.get(timestamp);
    if (timestamp === undefined || !sample) {
      image.close();
      return;
    }
    // They come in the order in which they are shown: those before it that have not come are lost.
    for (const [at, { time }] of this.#inside) if (time <= sample.time) this.#inside.delete(at);
    this.#watch();
    this.#onPicture({ sample, image });
  }

  /** A JPEG file is a picture by itself. */
  async #decodeFile(sample: Sample, turn: number): Promise<void> {
    if (turn !== this.#turn) return;
    try {
      const bitmap = await createImageBitmap(new Blob([sample.data as Uint8Array<ArrayBuffer>], { type: "image/jpeg" }));
      const image = new VideoFrame(bitmap, { timestamp: 0 });
      bitmap.close();
      if (turn === this.#turn && this.#inside.delete(sample.time)) this.#onPicture({ sample, image });
      else image.close();
    } catch {
      // One that is damaged costs itself alone.
      if (turn === this.#turn) this.#inside.delete(sample.time);
    }
  }

  /** A decoder may hold pictures back, but not while it flushes or leaves coded ones lying. */
  #watch(): void {
    clearTimeout(this.#silence);
    if (this.#inside.size === 0) return;
    this.#silence = setTimeout(() => {
      if (this.#isFlushing || this.waiting > 0) this.#fail();
      else this.#watch();
    }, SILENT_MS);
  }

  #fail(): void {
    const decoder = this.#decoder;
    this.#decoder = null;
    if (decoder && decoder.state !== "closed") decoder.close();
    this.#forget();
    this.#isSoftware = true;
    this.#onFailure();
  }
}
