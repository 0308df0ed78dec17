// Which cameras someone sees, as people write it.

/** "all", or "1, 4". */
export function scopeText(cameras: readonly number[] | null): string {
  return cameras === null ? "all" : cameras.join(", ");
}

/** The cameras in "1, 4"; null for "all" or nothing; undefined if it is neither. */
export function camerasOf(text: string): number[] | null | undefined {
  const said = text.trim().toLowerCase();
  if (said === "" || said === "all") return null;
  const ids = said.split(/[\s,;]+/).filter((word) => word !== "");
  if (!ids.every((id) => /^[1-9]\d{0,8}$/.test(id))) return undefined;
  return [...new Set(ids.map(Number))].sort((a, b) => a - b);
}

/** Where a page that leads to the sign-in wants to be led back to: a page of this server, or the first one. */
export function wayBack(next: string | null, origin: string): string {
  if (next === null) return "/";
  try {
    const url = new URL(next, origin);
    return url.origin === origin && next.startsWith("/") ? url.pathname + url.search + url.hash : "/";
  } catch {
    return "/";
  }
}
