// Signing in, and the first admin made with the one-time link.
import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { setUp, signIn } from "./api";
import { Field } from "./field";
import { Said, useForm } from "./form";
import { learnMe, me } from "./me";
import { placeOf, wayBack } from "./place";

/** The token of a set-up link stands behind the `#`, which browsers send nowhere. */
const token = location.hash.slice(1);
const { base, page } = placeOf(location.href);
const making = page === "set-up.html";
const back = wayBack(new URLSearchParams(location.search).get("next"), base);

/** Why there is nothing to fill in here; null where there is, or nothing is known yet. */
function instead() {
  const who = me.value;
  if (who === null) return null;
  if (!who.access) return <p>Nobody signs in here. <a href="./">To the cameras</a></p>;
  if (making && !who.set_up) return <p>There is an admin already. <a href="sign-in.html">Sign in</a></p>;
  if (making && token === "") return <p>The link is not whole: take all of it, as razz printed it when it started.</p>;
  if (!making && who.set_up) return <p>There is nobody to sign in yet. Open the link that razz printed when it started, or run <code>razz users add NAME --role admin</code>.</p>;
  return null;
}

function SignIn() {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const { busy, said, errors, setErrors, send } = useForm();
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => {
    first.current?.focus();
    learnMe();
  }, []);

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    if (making && again !== password) {
      setErrors([{ key: "again", message: "The two passwords differ." }]);
      return;
    }
    const answer = await send(() => (making ? setUp(token, name, password) : signIn(name, password)));
    if (answer !== undefined) location.replace(back);
  }

  const words = instead();
  return (
    <main id="main" class="page narrow">
      <h1 class="brand">razz</h1>
      {words ?? <form class="form" onSubmit={(event) => void submit(event)} aria-label={making ? "The first admin" : "Sign in"}>
        <h2>{making ? "The first admin" : "Sign in"}</h2>
        <Field name="name" words="Name" hint={making ? "letters, digits and . - _ @ +" : undefined} errors={errors}>
          {(more) => (
            <input {...more} ref={first} value={name} onInput={(event) => { setName(event.currentTarget.value); }} autocomplete="username"
              autocapitalize="none" spellcheck={false} maxLength={64} required />
          )}
        </Field>
        <Field name="password" words="Password" hint={making ? "10 characters at least" : undefined} errors={errors}>
          {(more) => (
            <input {...more} type="password" value={password} onInput={(event) => { setPassword(event.currentTarget.value); }}
              autocomplete={making ? "new-password" : "current-password"} required />
          )}
        </Field>
        {making && (
          <Field name="again" words="Password, once more" errors={errors}>
            {(more) => (
              <input {...more} type="password" value={again} onInput={(event) => { setAgain(event.currentTarget.value); }} autocomplete="new-password" required />
            )}
          </Field>
        )}
        <Said words={said} />
        <p class="buttons">
          <button class="strong" disabled={busy}>
            {making ? "Make the admin" : "Sign in"}
          </button>
        </p>
      </form>}
    </main>
  );
}

const app = document.getElementById("app");
if (app) render(<SignIn />, app);
