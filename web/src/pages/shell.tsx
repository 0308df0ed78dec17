// What stands on every page: the way around, and the dialog with the keys.
import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Keys, keysShown, type KeyWords } from "./keysdialog";
import { leave, learnMe, me } from "./me";
import { placeOf, signInHref } from "./place";
import { hasRecordings, learnRecordings } from "./hasrecordings";

const PAGES = [
  ["", "Live"],
  ["playback.html", "Recordings"],
  ["analytics.html", "Analytics"],
  ["alerts.html", "Alerts"],
  ["dashboard.html", "Dashboard"],
  ["settings.html", "Settings"],
  ["troubleshooting.html", "Troubleshooting"],
] as const;

/** Height of the header in CSS pixels; also the style sheet's `--head`. It grows where its words do not fit on a line. */
export const headPx = signal(49);

/** Name of the page, the links to the others, what the page itself puts there, and a sentence when something is wrong. */
export function Header({ title, warning = "", keys = [], children }: {
  title?: string | undefined;
  warning?: string | undefined;
  keys?: KeyWords;
  children?: ComponentChildren;
}) {
  const { page: here } = placeOf(location.href);
  const header = useRef<HTMLElement>(null);
  useEffect(() => {
    const { current } = header;
    if (!current) return;
    const observer = new ResizeObserver(() => {
      headPx.value = current.offsetHeight;
      document.documentElement.style.setProperty("--head", `${current.offsetHeight}px`);
    });
    observer.observe(current);
    return () => {
      observer.disconnect();
    };
  }, []);
  return (
    <header class="top" ref={header}>
      <a class="skip" href="#main">
        To the content
      </a>
      <a class="brand" href="./" aria-label="razz: live">
        razz
      </a>
      <nav aria-label="Pages">
        {PAGES.filter(([page]) => page !== "playback.html" || hasRecordings.value || page === here).map(([page, name]) => (
          <a key={page} href={`./${page}`} {...(page === here ? { "aria-current": "page" as const } : {})}>
            {name}
          </a>
        ))}
      </nav>
      {title !== undefined && <h1>{title}</h1>}
      {children}
      {warning !== "" && (
        <span class="warning" role="alert">
          {warning}
        </span>
      )}
      <Account />
      {keys.length > 0 && (
        <button type="button" class="quiet keys" aria-haspopup="dialog" title="Keys (?)" onClick={() => (keysShown.value = true)}>
          keys
        </button>
      )}
      {keys.length > 0 && <Keys keys={keys} />}
    </header>
  );
}

/** Who is signed in, and the way out; nothing where nobody signs in. */
function Account() {
  useEffect(learnMe, []);
  const who = me.value;
  // Who is not let in gets no answer, and the browser would complain of that.
  useEffect(() => { if (who) learnRecordings(); }, [who]);
  if (who?.access !== true) return null;
  return (
    <span class="account">
      {who.name !== null && <span>{who.name}</span>}
      {who.way === "session" && (
        <button type="button" class="quiet" onClick={() => void leave()}>
          Sign out
        </button>
      )}
      {(who.way === null || who.way === "network") && <a href={signInHref(location.href)}>Sign in</a>}
    </span>
  );
}
