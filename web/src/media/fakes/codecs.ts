// WebCodecs for tests: what goes into a decoder comes out a moment later, in the order in which it is shown.
import { vi } from "vitest";
import { FakeVideoFrame } from "./video";

/** In place of `VideoFrame` where pictures come from a decoder. */
export class FakeDecodedFrame extends FakeVideoFrame {
  readonly timestamp: number;
  readonly format = "I420";
  readonly codedWidth = 1280;
  readonly codedHeight = 720;
  readonly visibleRect = { width: 1280, height: 720 };
  readonly colorSpace = { toJSON: () => ({}) };

  constructor(source: unknown, init: { timestamp: number } = { timestamp: 0 }) {
    super(source);
    this.timestamp = init.timestamp;
  }

  override clone(): FakeDecodedFrame {
    return new FakeDecodedFrame(null, this);
  }

  allocationSize(): number {
    return 8;
  }

  copyTo(): Promise<unknown[]> {
    return Promise.resolve([]);
  }
}

/** In place of `EncodedVideoChunk`. */
export class FakeChunk {
  readonly type: string;
  readonly timestamp: number;

  constructor({ type, timestamp }: { type: string; timestamp: number }) {
    this.type = type;
    this.timestamp = timestamp;
  }
}

/** In place of `VideoDecoder`. */
export class FakeDecoder {
  static readonly all: FakeDecoder[] = [];
  /** Codecs that it knows. */
  static knows: readonly string[] = ["avc1.64001F"];
  /** Pictures that it holds back until more come, or it is flushed. */
  static holdsBack = 0;
  /** The picture of this timestamp does not come out. */
  static damaged: number | null = null;
  /** It takes everything and gives nothing. */
  static isSilent = false;
  state: CodecState = "unconfigured";
  decodeQueueSize = 0;
  readonly configs: VideoDecoderConfig[] = [];
  #inside: FakeChunk[] = [];
  #needsKey = true;
  readonly #init: { output: (frame: FakeDecodedFrame) => void; error: (error: Error) => void };

  constructor(init: { output: (frame: FakeDecodedFrame) => void; error: (error: Error) => void }) {
    this.#init = init;
    FakeDecoder.all.push(this);
  }

  static isConfigSupported({ codec }: VideoDecoderConfig): Promise<{ supported: boolean }> {
    return Promise.resolve({ supported: FakeDecoder.knows.includes(codec) });
  }

  configure(config: VideoDecoderConfig): void {
    this.configs.push(config);
    this.state = "configured";
    this.#needsKey = true;
  }

  decode(chunk: FakeChunk): void {
    if (this.#needsKey && chunk.type !== "key") throw new DOMException("a key frame is required", "DataError");
    this.#needsKey = false;
    if (FakeDecoder.isSilent) {
      this.decodeQueueSize++;
      return;
    }
    this.#inside.push(chunk);
    void Promise.resolve().then(() => { this.#give(FakeDecoder.holdsBack); });
  }

  async flush(): Promise<void> {
    if (FakeDecoder.isSilent) return new Promise(() => undefined);
    await Promise.resolve();
    this.#give(0);
    this.#needsKey = true;
  }

  reset(): void {
    this.#inside = [];
    this.decodeQueueSize = 0;
    this.state = "unconfigured";
  }

  close(): void {
    this.reset();
    this.state = "closed";
  }

  /** It breaks. */
  fail(): void {
    this.close();
    this.#init.error(new DOMException("broken", "EncodingError"));
  }

  #give(held: number): void {
    this.#inside.sort((a, b) => a.timestamp - b.timestamp);
    while (this.#inside.length > held) {
      const chunk = this.#inside.shift();
      if (chunk && chunk.timestamp !== FakeDecoder.damaged) this.#init.output(new FakeDecodedFrame(null, chunk));
    }
  }
}

/** The browser has WebCodecs until `vi.unstubAllGlobals`. */
export function fakeCodecs(): void {
  FakeDecoder.all.length = 0;
  FakeDecoder.knows = ["avc1.64001F"];
  FakeDecoder.holdsBack = 0;
  FakeDecoder.damaged = null;
  FakeDecoder.isSilent = false;
  vi.stubGlobal("VideoDecoder", FakeDecoder);
  vi.stubGlobal("EncodedVideoChunk", FakeChunk);
  vi.stubGlobal("VideoFrame", FakeDecodedFrame);
}
