// Beside the pictures, in place of the visits: exports and locks. Their script is loaded when somebody wants them.
import { signal } from "@preact/signals";
import type { FunctionComponent } from "preact";
import { useEffect } from "preact/hooks";
import { drawer, said } from "./state";

/** Kept in this browser while an export is being made: then the page looks how far it is, also when loaded anew. */
export const BUSY = "razz.playback.exporting";

const Loaded = signal<FunctionComponent | null>(null);

function load(): void {
  import("./drawer/drawer").then(({ Drawer }) => (Loaded.value = Drawer)).catch(() => {
    said.value = "This part of the page could not be loaded. Load the page anew.";
    drawer.value = null;
  });
}

export function Side() {
  useEffect(load, []);
  const Drawer = Loaded.value;
  return Drawer && <Drawer />;
}

/** Goes on telling how far exports are. */
export function resume(): void {
  try {
    if (localStorage.getItem(BUSY) !== null) void import("./drawer/drawer").then(({ follow }) => { follow(); });
  } catch {
    // A forbidden store: whoever opens the list sees it.
  }
}
