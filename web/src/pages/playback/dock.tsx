// What stands beneath the pictures.
import type { ComponentChildren } from "preact";
import { said } from "./state";
import { Timeline } from "./timeline";

/** What was said last, the controls, and the timeline. */
export function Dock({ children }: { children: ComponentChildren }) {
  return (
    <div class="dock">
      <p class="said" role="status">
        {said.value}
      </p>
      {children}
      <Timeline />
    </div>
  );
}
