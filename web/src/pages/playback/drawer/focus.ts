// Where the focus goes on within what is open beside the pictures.

/** To the tab that is open. */
export function focusTab(): void {
  document.querySelector<HTMLElement>('.drawer [role="tab"][aria-selected="true"]')?.focus();
}

/** What had the focus may be gone with the next drawing: then it goes on at the tab. */
export function refocus(): void {
  requestAnimationFrame(() => {
    if (document.activeElement === null || document.activeElement === document.body) focusTab();
  });
}
