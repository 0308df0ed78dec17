// Screenshots of a composed page, and what they show: the frame's number, and the drawn boxes by their colour.

import { PNG } from "pngjs";

const PICTURE = [1280, 720];
const CELL = 24;
/** How far, in CSS pixels, a line's pixel may be from where its box's edge is: half a line, its bold corners, rounding. */
const NEAR = 3.5;
/** An edge on the picture's border may come out beyond it by so many pixels: the picture's size in the page is rounded. */
const ROUNDING = 1;

/** One screenshot of a page as it is composed; `ratio`: its device pixels to a CSS pixel. */
export async function shoot(session, ratio) {
  const { data } = await session.send("Page.captureScreenshot", { format: "png", optimizeForSpeed: true });
  const { width, height, data: pixels } = PNG.sync.read(Buffer.from(data, "base64"));
  return { width, height, pixels, ratio };
}

/** Where a 16:9 picture of 1280x720 lies in the screenshot of a page that it fills: `object-fit: contain`. */
function area({ width, height }) {
  const scale = Math.min(width / PICTURE[0], height / PICTURE[1]);
  const [w, h] = [Math.round(PICTURE[0] * scale), Math.round(PICTURE[1] * scale)];
  return { x: Math.round((width - w) / 2), y: Math.round((height - h) / 2), width: w, height: h };
}

/** The number in the picture's corner, or null where it cannot be read. */
export function readNumber(shot) {
  const { x, y, width } = area(shot);
  const scale = width / PICTURE[0];
  const white = (cell) => {
    let sum = 0;
    let count = 0;
    for (let dy = 8; dy < 16; dy += 2) {
      for (let dx = 8; dx < 16; dx += 2) {
        const [px, py] = [Math.round(x + (cell * CELL + dx) * scale), Math.round(y + dy * scale)];
        sum += shot.pixels[4 * (py * shot.width + px) + 1];
        count += 1;
      }
    }
    return sum / count > 170 ? 1 : sum / count < 85 ? 0 : NaN;
  };
  if (white(0) !== 1) return null;
  let number = 0;
  for (let bit = 0; bit < 10; bit += 1) number += white(bit + 1) * 2 ** bit;
  return Number.isNaN(number) ? null : number;
}

/** The pixels in a box's colour, green or cyan, as one byte each, and how many they are. */
export function linePixels({ width, height, pixels }) {
  const mask = new Uint8Array(width * height);
  let count = 0;
  for (let at = 0; at < mask.length; at += 1) {
    const [red, green, blue] = [pixels[4 * at], pixels[4 * at + 1], pixels[4 * at + 2]];
    // Lines are mixed with their dark edge and the picture beneath it where they lie between pixels.
    if (green > 150 && red < green / 3 && (blue < green / 3 || Math.abs(blue - green) < 12)) {
      mask[at] = 1;
      count += 1;
    }
  }
  return { mask, count };
}

/**
 * How well `tracks` explain the lines of a screenshot: `least`, the share of the outline of the worst box that has its
 * line (edges outside the picture do not count), and `stray`, the share of all line pixels that belong to no box.
 * A box that may be dashed, because no detection has confirmed it for `dashMs`, counts double.
 */
export function explained(shot, lines, tracks, dashMs) {
  const picture = area(shot);
  const scale = picture.width / PICTURE[0];
  const near = Math.ceil(NEAR * shot.ratio);
  const [right, bottom] = [picture.x + picture.width, picture.y + picture.height];
  const owned = new Uint8Array(shot.width * shot.height);
  let least = 1;
  const along = (x, y, dx, dy) => {
    // Is there a line within `near` pixels across? Everything there is explained.
    let found = 0;
    for (let off = -near; off <= near; off += 1) {
      const [px, py] = [x + off * dx, y + off * dy];
      if (px < 0 || py < 0 || px >= shot.width || py >= shot.height) continue;
      const at = py * shot.width + px;
      owned[at] = 1;
      found |= lines.mask[at];
    }
    return found;
  };
  for (const { bbox, state, age_ms: age } of tracks) {
    const box = bbox.map((value, edge) => (edge % 2 === 0 ? picture.x : picture.y) + value * scale);
    let [seen, all] = [0, 0];
    for (const edge of [0, 2]) {
      if (box[edge] < picture.x - ROUNDING || box[edge] > right + ROUNDING) continue;
      const x = Math.round(box[edge]);
      const ends = [Math.max(picture.y, box[1] - near), Math.min(bottom, box[3] + near)].map(Math.round);
      for (let y = ends[0]; y < ends[1]; y += 1) {
        const found = along(x, y, 1, 0);
        if (y < box[1] || y > box[3]) continue;
        seen += found;
        all += 1;
      }
    }
    for (const edge of [1, 3]) {
      if (box[edge] < picture.y - ROUNDING || box[edge] > bottom + ROUNDING) continue;
      const y = Math.round(box[edge]);
      const ends = [Math.max(picture.x, box[0] - near), Math.min(right, box[2] + near)].map(Math.round);
      for (let x = ends[0]; x < ends[1]; x += 1) {
        const found = along(x, y, 0, 1);
        if (x < box[0] || x > box[2]) continue;
        seen += found;
        all += 1;
      }
    }
    if (all < 8) continue;
    const dashed = state === "predicted" && age > dashMs;
    least = Math.min(least, (seen / all) * (dashed ? 2 : 1));
  }
  let stray = 0;
  for (let at = 0; at < owned.length; at += 1) stray += lines.mask[at] & (1 - owned[at]);
  return { least, stray: lines.count === 0 ? 0 : stray / lines.count };
}

/** Whether these are the boxes drawn: every outline is there, and nothing else is. */
export const fits = ({ least, stray }) => least >= 0.85 && stray <= 0.03;
