// The page's monotonic clock: the one place where the player asks what time it is.

/** Milliseconds since the page was opened, never set back. */
export const now = (): number => performance.now();
