// The player's keys, wherever the focus is on a page that shows one camera.

/** Hands keys to the player of the page, unless they are meant for what has the focus. */
export function keysFor(player: () => HTMLElement | null): void {
  document.addEventListener("keydown", (event) => {
    const target = event.target instanceof HTMLElement ? event.target : document.body;
    const element = player();
    if (!element || event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
    // The player hears what happens inside itself; fields and dialogs have keys of their own, lists scroll by the arrows.
    if (element.contains(target) || target.closest("input, select, textarea, dialog[open], [contenteditable]")) return;
    if (event.key.startsWith("Arrow") && target !== document.body) return;
    const { key, shiftKey } = event;
    if (!element.dispatchEvent(new KeyboardEvent("keydown", { key, shiftKey, cancelable: true }))) event.preventDefault();
  });
}
