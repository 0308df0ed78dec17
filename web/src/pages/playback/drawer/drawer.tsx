// Exports and locks, beside the pictures: the page goes on meanwhile.
import { useEffect, useLayoutEffect } from "preact/hooks";
import { drawer } from "../state";
import { ExportForm } from "./exportform";
import { ExportList } from "./exportlist";
import { focusTab } from "./focus";
import { busy, look } from "./jobs";
import { Locks } from "./locks";

const VIEWS = [["export", "Export"], ["exports", "Exports"], ["locks", "Locks"]] as const;

/** Goes on telling how far exports are, also while nothing is open. */
export function follow(): void {
  void look();
}

export function Drawer() {
  const shown = drawer.value ?? "export";
  useLayoutEffect(() => {
    const before = document.activeElement;
    return () => {
      requestAnimationFrame(() => {
        // Who is elsewhere by then stays there.
        if (document.activeElement !== null && document.activeElement !== document.body) return;
        (before instanceof HTMLElement && before.isConnected && before !== document.body ? before : document.querySelector<HTMLElement>(".scale"))?.focus();
      });
    };
  }, []);
  // Opened by a key or a button, it has the focus; so it has when another part of it is opened.
  useEffect(focusTab, [shown]);
  const close = (): void => { drawer.value = null; };
  return (
    <div class="drawer" role="dialog" aria-label={VIEWS.find(([name]) => name === shown)?.[1] ?? ""} onKeyDown={(event) => {
      if (event.key === "Escape") close();
    }}>
      <div class="tabs">
        <div role="tablist" aria-label="Export and lock" onKeyDown={turn}>
          {VIEWS.map(([name, words]) => (
            <button key={name} type="button" role="tab" id={`tab-${name}`} aria-selected={name === shown} aria-controls="drawer-view" tabindex={name === shown ? 0 : -1} onClick={() => (drawer.value = name)}>
              {words}
              {name === "exports" && busy.value.length > 0 && <span class="count">{busy.value.length}</span>}
            </button>
          ))}
        </div>
        <button type="button" class="round" title="Close (Esc)" aria-label="Close (Esc)" onClick={close}>
          ×
        </button>
      </div>
      <div id="drawer-view" class="view" role="tabpanel" aria-labelledby={`tab-${shown}`}>
        {shown === "export" && <ExportForm />}
        {shown === "exports" && <ExportList />}
        {shown === "locks" && <Locks />}
      </div>
    </div>
  );
}

/** The arrows go from tab to tab; the page's own meaning of them is for elsewhere. */
function turn(event: KeyboardEvent): void {
  const direction = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
  if (direction === 0) return;
  event.preventDefault();
  const at = VIEWS.findIndex(([name]) => name === drawer.peek());
  drawer.value = VIEWS[(at + direction + VIEWS.length) % VIEWS.length]?.[0] ?? null;
}
