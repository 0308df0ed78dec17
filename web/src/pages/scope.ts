// Which cameras someone sees, as people read it.

/** "all cameras", or their names. One that is gone goes by its number. */
export function scopeText(seen: readonly number[] | null, cameras: readonly { id: number; name: string }[]): string {
  if (seen === null) return "all cameras";
  if (seen.length === 0) return "no camera";
  return seen.map((id) => cameras.find((camera) => camera.id === id)?.name ?? `camera ${id}`).join(", ");
}

/** `chosen` with `id` if it was not among them, without it if it was; by number. */
export function toggled(chosen: readonly number[], id: number): number[] {
  return chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id].sort((a, b) => a - b);
}
