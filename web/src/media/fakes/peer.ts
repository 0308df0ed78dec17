// A peer connection for tests: nothing is sent, and the test says how it goes.

/** In place of `RTCPeerConnection`. */
export class FakePeer {
  /** Every one that was made, oldest first. */
  static readonly all: FakePeer[] = [];
  /** What setting the answer comes to. */
  static answerError: Error | null = null;

  readonly configuration: RTCConfiguration;
  readonly transceivers: [string, RTCRtpTransceiverInit][] = [];
  readonly receiver: { track: object; jitterBufferTarget?: number | null } = { track: { kind: "video" }, jitterBufferTarget: null };
  connectionState: RTCPeerConnectionState = "new";
  onconnectionstatechange: (() => void) | null = null;
  localDescription: RTCSessionDescriptionInit | null = null;
  remoteDescription: RTCSessionDescriptionInit | null = null;
  closed = false;

  constructor(configuration: RTCConfiguration) {
    this.configuration = configuration;
    FakePeer.all.push(this);
  }

  /** The newest; there has to be one. */
  static get last(): FakePeer {
    const last = FakePeer.all.at(-1);
    if (!last) throw new Error("no peer connection was made");
    return last;
  }

  /** Forgets all; to be called before each test. */
  static reset(): void {
    FakePeer.all.length = 0;
    FakePeer.answerError = null;
  }

  addTransceiver(kind: string, init: RTCRtpTransceiverInit): { receiver: FakePeer["receiver"] } {
    this.transceivers.push([kind, init]);
    return { receiver: this.receiver };
  }

  createOffer(): Promise<RTCSessionDescriptionInit> {
    return Promise.resolve({ type: "offer", sdp: "v=0 offer" });
  }

  setLocalDescription(description: RTCSessionDescriptionInit): Promise<void> {
    this.localDescription = description;
    return Promise.resolve();
  }

  setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
    if (FakePeer.answerError) return Promise.reject(FakePeer.answerError);
    this.remoteDescription = description;
    return Promise.resolve();
  }

  getStats(): Promise<Map<string, object>> {
    return Promise.resolve(new Map<string, object>());
  }

  close(): void {
    this.closed = true;
  }

  /** The browser says that the connection is in another state. */
  become(state: RTCPeerConnectionState): void {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }
}

/** In place of `MediaStream`. */
export class FakeStream {
  readonly tracks: object[];

  constructor(tracks: object[] = []) {
    this.tracks = tracks;
  }

  getTracks(): object[] {
    return this.tracks;
  }

  getVideoTracks(): object[] {
    return this.tracks;
  }
}
