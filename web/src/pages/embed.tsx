// A view token made by hand, and what to paste into a page with it.
import { useRef, useState } from "preact/hooks";
import type { CameraInfo, KeyProblem, ViewToken } from "../wire";
import { addViewToken } from "./api";
import { CameraChoice } from "./camerachoice";
import { Field } from "./field";
import { Said, useForm } from "./form";
import { placeOf } from "./place";
import { frameSnippet, playerSnippet } from "./snippet";

/** Words and seconds; the server gives no token that lasts longer than a day. */
const SPANS: [string, number][] = [["5 minutes", 300], ["1 hour", 3_600], ["8 hours", 28_800], ["1 day", 86_400]];
const NONE: KeyProblem = { key: "cameras", message: "Choose one camera at least." };

function Snippet({ words, html }: { words: string; html: string }) {
  const shown = useRef<HTMLPreElement>(null);
  const [said, setSaid] = useState("");
  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(html);
      setSaid("Copied");
    } catch {
      // Without TLS there is no clipboard: the text is selected for the reader to copy.
      if (shown.current) getSelection()?.selectAllChildren(shown.current);
      setSaid("Selected: press Ctrl+C");
    }
  }
  return (
    <>
      <p>
        {words}{" "}
        <button type="button" class="quiet" aria-label={`Copy: ${words}`} onClick={() => void copy()}>
          Copy
        </button>{" "}
        <small role="status">{said}</small>
      </p>
      <pre class="token" ref={shown}>
        {html}
      </pre>
    </>
  );
}

function Made({ made }: { made: ViewToken }) {
  const { compat } = made;
  const base = compat && `${compat.tls ? "https" : "http"}://${location.hostname}:${compat.port}`;
  return (
    <div class="notice">
      <p>
        Whoever has this may begin to watch until {new Date(made.expires * 1000).toLocaleString()}, and nothing else. It is shown this
        once, and cannot be taken back before that.
      </p>
      <Snippet words="For a page behind the same address as this one:" html={playerSnippet(made.cameras, made.token, placeOf(location.href).base)} />
      {base
        ? <Snippet words="For a page of any other site:" html={frameSnippet(made.cameras, made.token, base)} />
        : <p>For pages of other sites, <code>compat_listen</code> in razz.toml has to name an address.</p>}
      {base && !compat.tls && location.protocol === "https:" && (
        <p>
          These lines are for pages over <code>http://</code>: port {compat.port} has no TLS here. Other pages take the first lines, with this
          server's whole address at <code>player.js</code>, and their origin in <code>embed_origins</code> in razz.toml.
        </p>
      )}
    </div>
  );
}

/** Makes view tokens, and shows the lines to paste. */
export function Embed({ cameras }: { cameras: readonly CameraInfo[] }) {
  const [chosen, setChosen] = useState<number[]>([]);
  const [seconds, setSeconds] = useState(3_600);
  const { busy, said, errors, setErrors, send } = useForm();
  const [made, setMade] = useState<ViewToken | null>(null);

  async function make(event: Event): Promise<void> {
    event.preventDefault();
    setMade(null);
    if (chosen.length === 0) { setErrors([NONE]); return; }
    setMade((await send(() => addViewToken(chosen, seconds))) ?? null);
  }

  return (
    <>
      <h2>Embed</h2>
      <p class="quiet">
        Shows cameras on a page of yours, for a while, to people who have no account here. For visitors who come every day, let your
        server ask for a view token for each of them, with a token of its own.
      </p>
      <form class="form" onSubmit={(event) => void make(event)} aria-label="View token">
        <div class="pair">
          <CameraChoice form="view-" words="Cameras to show" cameras={cameras} chosen={chosen} choose={(now) => { setChosen(now ?? []); }} errors={errors} />
          <Field name="seconds" form="view-" words="Watching may begin within" errors={errors}>
            {(more) => (
              <select {...more} value={seconds} onChange={(event) => { setSeconds(Number(event.currentTarget.value)); }}>
                {SPANS.map(([words, span]) => (
                  <option key={span} value={span}>
                    {words}
                  </option>
                ))}
              </select>
            )}
          </Field>
        </div>
        <Said words={said} />
        <p class="buttons">
          <button class="strong" disabled={busy}>
            Make a view token
          </button>
        </p>
      </form>
      {made && <Made made={made} />}
    </>
  );
}
