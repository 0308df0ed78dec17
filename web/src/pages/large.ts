// Which camera fills the live page: in its address too, so that the browser's Back leads to all cameras again.
import { signal } from "@preact/signals";
import { cameraId } from "../media";

const addressed = (): number | null => cameraId(new URLSearchParams(location.search).get("large"));
const isOurs = (state: unknown): boolean => typeof state === "object" && state !== null && "enlarged" in state;

/** The number in `?large=`; null: all cameras are shown. Whether there is such a camera is another question. */
export const large = signal(addressed());

/** Fills the page with camera `id`, or with all. */
export function showLarge(id: number | null): void {
  const was = addressed();
  large.value = id;
  const href = id === null ? location.pathname : `?large=${id}`;
  if (id !== null && was === null) history.pushState({ enlarged: true }, "", href);
  else if (id === null && isOurs(history.state)) history.back();
  else history.replaceState(history.state, "", href);
}

addEventListener("popstate", () => {
  large.value = addressed();
});
