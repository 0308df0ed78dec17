// Colours of areas on a picture: told apart by people who see no red or green, and on light and dark ground by their rim.

/** After Okabe and Ito. */
const COLOURS = ["#56b4e9", "#e69f00", "#00c48c", "#f0e442", "#cc79a7", "#ff7043"] as const;

/** Of the area with this place in the list. */
export function colourOf(at: number): string {
  return COLOURS[at % COLOURS.length] ?? COLOURS[0];
}
