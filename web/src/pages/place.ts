// Where the app is. A proxy may show it in a folder of an address, so its pages know other paths relative to their own.

/** A page of the app by its address: all of them lie in the app's folder itself. */
export interface Place {
  /** The folder, as "https://cameras.example/razz/". */
  base: string;
  /** The page's name in it; "" for the first page. */
  page: string;
}

/** Of the page at this address. */
export function placeOf(url: string): Place {
  const page = new URL(url).pathname.split("/").pop() ?? "";
  return { base: new URL(".", url).href, page: page === "index.html" ? "" : page };
}

/** What the sign-in is asked to lead back to: the page at this address as a path in the app. */
export function returnPath(url: string): string {
  return `/${placeOf(url).page}${new URL(url).search}`;
}

/** The address that leads to the sign-in, and from there back to the page at `url`. */
export function signInHref(url: string): string {
  return `sign-in.html?next=${encodeURIComponent(returnPath(url))}`;
}

/** Where the sign-in leads: to `next` if that is a path in the app at `base`, else to the first page. */
export function wayBack(next: string | null, base: string): string {
  // Two slashes begin the name of another server, and to browsers a backslash is one.
  if (next === null || !/^\/(?![/\\])/.test(next)) return base;
  try {
    const { href } = new URL(next.slice(1), base);
    return href.startsWith(base) ? href : base;
  } catch {
    return base;
  }
}

/** Where a link to `#/playback?…` leads, relative to the app's folder; null for any other fragment. */
export function playbackHref(hash: string): string | null {
  const query = /^#\/playback(\?.*)?$/.exec(hash);
  return query ? `playback.html${query[1] ?? ""}` : null;
}
