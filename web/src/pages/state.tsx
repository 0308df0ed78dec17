// The dot that shows a camera's state, with the word for those who do not see it.
import type { CameraInfo } from "../wire";

/** A coloured dot and its word; grey when the server does not say. */
export function StateDot({ state }: { state: CameraInfo["state"] | "unknown" }) {
  return (
    <span class={`state ${state}`} title={state}>
      <span class="dot" aria-hidden="true" />
      <span class="word">{state}</span>
    </span>
  );
}
