// A view token made by hand, and what to paste into a page with it.
import { useRef, useState } from "preact/hooks";
import type { KeyProblem, ViewToken } from "../wire";
import { addViewToken } from "./api";
import { Field } from "./field";
import { Said, useForm } from "./form";
import { camerasOf } from "./scope";
import { frameSnippet, playerSnippet } from "./snippet";

/** Words and seconds; the server gives no token that lasts longer than a day. */
const SPANS: [string, number][] = [["5 minutes", 300], ["1 hour", 3_600], ["8 hours", 28_800], ["1 day", 86_400]];
const WRONG: KeyProblem = { key: "cameras", message: "Numbers of cameras such as 1, 4." };
/** The usual port of the RTSPtoWebRTC endpoints; the settings may name another. */
const COMPAT_PORT = 8083;

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
  const compat = `${location.protocol}//${location.hostname}:${COMPAT_PORT}`;
  return (
    <div class="notice">
      <p>
        Whoever has this may begin to watch until {new Date(made.expires * 1000).toLocaleString()}, and nothing else. It is shown this
        once, and cannot be taken back before that.
      </p>
      <Snippet words="For a page behind the same address as this one:" html={playerSnippet(made.cameras, made.token)} />
      <Snippet words={`For a page of any other site (port ${COMPAT_PORT}, unless compat_listen has another):`} html={frameSnippet(made.cameras, made.token, compat)} />
    </div>
  );
}

/** Makes view tokens, and shows the lines to paste. */
export function Embed() {
  const [cameras, setCameras] = useState("");
  const [seconds, setSeconds] = useState(3_600);
  const { busy, said, errors, setErrors, send } = useForm();
  const [made, setMade] = useState<ViewToken | null>(null);

  async function make(event: Event): Promise<void> {
    event.preventDefault();
    setMade(null);
    const wanted = camerasOf(cameras);
    if (!wanted) { setErrors([WRONG]); return; }
    setMade((await send(() => addViewToken(wanted, seconds))) ?? null);
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
          <Field name="cameras" form="view-" words="Cameras to show" hint="numbers such as 1, 4" errors={errors}>
            {(more) => <input {...more} value={cameras} onInput={(event) => { setCameras(event.currentTarget.value); }} autocomplete="off" required />}
          </Field>
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
