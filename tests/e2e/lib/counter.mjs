// The frame number in the pixels of a clip: a white start square, then ten squares, white = 1,
// bit 0 first, 24 px each from the top left corner.

/** 90 kHz ticks between two frames at 30 fps. */
export const FRAME_TICKS = 3000;

/**
 * Installs `readCounter(image, width, height)` in a page: the number in the 16:9 picture that is
 * letterboxed into an image (canvas, bitmap, video) of that size, or null where there is none.
 */
export function installCounter() {
  const CELL = 24;
  const scratch = document.createElement("canvas");
  scratch.width = CELL * 11;
  scratch.height = CELL;
  const context = scratch.getContext("2d", { willReadFrequently: true });
  window.readCounter = (image, width, height) => {
    const scale = Math.min(width / 1280, height / 720);
    const left = (width - 1280 * scale) / 2;
    const top = (height - 720 * scale) / 2;
    context.clearRect(0, 0, scratch.width, scratch.height);
    context.drawImage(image, left, top, scratch.width * scale, scratch.height * scale, 0, 0, scratch.width, scratch.height);
    const { data } = context.getImageData(0, 0, scratch.width, scratch.height);
    const white = (cell) => {
      let sum = 0;
      // The middle of the square, clear of its edges.
      for (let y = 8; y < 16; y += 1) {
        for (let x = 8; x < 16; x += 1) sum += data[4 * (y * scratch.width + cell * CELL + x) + 1];
      }
      const mean = sum / 64;
      return mean > 170 ? 1 : mean < 85 ? 0 : NaN;
    };
    if (white(0) !== 1) return null;
    let number = 0;
    for (let bit = 0; bit < 10; bit += 1) number += white(bit + 1) * 2 ** bit;
    return Number.isNaN(number) ? null : number;
  };
}

/** Records every `razz-frame` of the page's first player as `window.drawn`, with the number in its canvas. */
export function recordDrawn() {
  const player = document.querySelector("razz-player");
  const overlay = player.shadowRoot.querySelector("#overlay");
  window.drawn = [];
  player.addEventListener("razz-frame", (event) => {
    const frame = event.detail ?? player.frame;
    window.drawn.push({
      rtp: frame.rtpTimestamp,
      tracksRtp: frame.tracksRtpTimestamp,
      // Of recorded frames alone.
      mediaTime: frame.mediaTime === undefined ? undefined : Number(frame.mediaTime),
      unix: frame.unix,
      mode: frame.mode,
      tracks: frame.tracks.map(({ track_id, bbox, source, state }) => ({ track_id, bbox, source, state })),
      number: window.readCounter(overlay, overlay.width, overlay.height),
      canvas: [overlay.width, overlay.height],
      at: performance.now(),
    });
  });
}

/** The newest snapshot of a camera: its RTP timestamp and the number in its pixels. */
export async function readSnapshot(camera) {
  const response = await fetch(`/api/cameras/${camera}/snapshot.jpg`, { cache: "no-store" });
  if (!response.ok) return { status: response.status };
  const bitmap = await createImageBitmap(await response.blob());
  return {
    status: response.status,
    rtp: Number(response.headers.get("X-Rtp-Timestamp")),
    size: [bitmap.width, bitmap.height],
    number: window.readCounter(bitmap, bitmap.width, bitmap.height),
  };
}

/** 32-bit RTP timestamps: how far `a` lies after `b`, across the wrap. */
export const ticksBetween = (a, b) => (a - b) | 0;

/** The number that a frame of this RTP timestamp must show in a loop of `loop` frames, once one frame fixed the relation. */
export function expectedNumber(rtp, fixed, loop) {
  const frames = Math.round(ticksBetween(rtp, fixed.rtp) / FRAME_TICKS) + fixed.number;
  return ((frames % loop) + loop) % loop;
}
