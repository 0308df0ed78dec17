// Colours of the heat on a picture: from dark to light, so that they are told apart without seeing colours.

/** Stops of "inferno", which eyes with any of the common colour blindnesses read as a rising scale. */
const STOPS = [[0, 0, 4], [50, 10, 94], [120, 28, 109], [188, 55, 84], [237, 105, 37], [251, 182, 26], [252, 255, 164]] as const;

/** The scale itself, as a style sheet has it. */
export const HEAT_SCALE = `linear-gradient(90deg, ${STOPS.map((stop) => `rgb(${stop.join(" ")})`).join(", ")})`;

/** Red, green, blue and opacity, each 0 to 255, of a share of the most. Where hardly anybody was, the picture shows. */
export function heatColour(part: number): [number, number, number, number] {
  const x = Math.max(0, Math.min(1, part)) * (STOPS.length - 1);
  const low = Math.min(STOPS.length - 2, Math.floor(x));
  const [a, b] = [STOPS[low] ?? STOPS[0], STOPS[low + 1] ?? STOPS[0]];
  const mix = (i: 0 | 1 | 2): number => Math.round(a[i] + (b[i] - a[i]) * (x - low));
  return [mix(0), mix(1), mix(2), part <= 0 ? 0 : Math.round(90 + 140 * Math.min(1, part * 1.6))];
}

/** Where a value stands on the scale: by its root, since a few cells have most of the time. */
export function heatShare(value: number, most: number): number {
  return most <= 0 || value <= 0 ? 0 : Math.sqrt(Math.min(1, value / most));
}

