// Users and tokens: who may sign in, and what scripts sign in with. And everybody's own password.
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import type { CameraInfo, KeyProblem, Role, TokenInfo, UserInfo } from "../wire";
import { addToken, addUser, changePassword, changeUser, fetchTokens, fetchUsers, removeToken, removeUser } from "./api";
import { CameraChoice } from "./camerachoice";
import { Embed } from "./embed";
import { Field, type FieldControl } from "./field";
import { Said, useForm, useOpened } from "./form";
import { me } from "./me";
import { scopeText } from "./scope";

const users = signal<UserInfo[]>([]);
const tokens = signal<TokenInfo[]>([]);
const trouble = signal("");
/** The form that is open: a user's name, "+user", "+token". */
const open = signal<string | null>(null);
/** The token that was just made: shown this once. */
const made = signal<TokenInfo | null>(null);

async function load(): Promise<void> {
  const [someUsers, someTokens] = await Promise.all([fetchUsers(), fetchTokens()]);
  if (someUsers.ok) users.value = someUsers.value;
  if (someTokens.ok) tokens.value = someTokens.value;
  trouble.value = someUsers.ok ? (someTokens.ok ? "" : someTokens.words) : someUsers.words;
}

const close = (): void => { open.value = null; };

/** Role and cameras, for users and tokens alike. */
function Rights({ form, all, role, setRole, cameras, setCameras, errors }: {
  form: string;
  all: readonly CameraInfo[];
  role: Role;
  setRole: (role: Role) => void;
  cameras: number[] | null;
  setCameras: (cameras: number[] | null) => void;
  errors: KeyProblem[];
}) {
  return (
    <div class="pair">
      <Field name="role" form={form} words="Role" hint="an admin changes everything, a viewer watches, live and recorded; live: no recordings" errors={errors}>
        {(more) => (
          <select {...more} value={role} onChange={(event) => { setRole(event.currentTarget.value as Role); }}>
            <option value="viewer">viewer</option>
            <option value="live">live</option>
            <option value="admin">admin</option>
          </select>
        )}
      </Field>
      {role !== "admin" && <CameraChoice form={form} words="Cameras" cameras={all} chosen={cameras} choose={setCameras} all errors={errors} />}
    </div>
  );
}

function Buttons({ busy, words, danger, onDanger }: { busy: boolean; words: string; danger?: string; onDanger?: () => void }) {
  const [sure, setSure] = useState(false);
  return (
    <p class="buttons">
      <button class="strong" disabled={busy}>
        {words}
      </button>
      <button type="button" class="quiet" onClick={close}>
        Cancel
      </button>
      {onDanger && (
        <button type="button" class="quiet danger" disabled={busy} onClick={() => { if (sure) onDanger(); else setSure(true); }}>
          {sure ? `${danger} for good` : danger}
        </button>
      )}
    </p>
  );
}

function UserForm({ user, all }: { user: UserInfo | null; all: readonly CameraInfo[] }) {
  const { busy, said, errors, send } = useForm();
  const { form, onKeyDown, goes } = useOpened(user ? `edit-user-${user.name}` : "add-user", "add-user", close);
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>(user?.role ?? "viewer");
  const [cameras, setCameras] = useState(user?.cameras ?? null);
  const [password, setPassword] = useState("");

  async function save(event: Event): Promise<void> {
    event.preventDefault();
    const seen = role === "admin" ? null : cameras;
    const word = password === "" ? {} : { password };
    const saved = await send(() => (user ? changeUser(user.name, { role, cameras: seen, ...word }) : addUser({ name, role, cameras: seen, ...word })));
    if (saved === undefined) return;
    open.value = null;
    await load();
  }

  async function remove(): Promise<void> {
    if (user === null || (await send(() => removeUser(user.name))) === undefined) return;
    goes();
    open.value = null;
    await load();
  }

  const word = (more: FieldControl) => (
    <input {...more} type="password" value={password} onInput={(event) => { setPassword(event.currentTarget.value); }} autocomplete="new-password" />
  );
  const hint = user ? "as it is; another one signs them out everywhere" : "10 characters at least; without one a trusted proxy has to sign them in";
  return (
    <form class="form" ref={form} onKeyDown={onKeyDown} onSubmit={(event) => void save(event)} aria-label={user ? user.name : "New user"}>
      <h3>{user ? user.name : "New user"}</h3>
      {user === null && (
        <Field name="name" form="user-" words="Name of the user" errors={errors}>
          {(more) => <input {...more} value={name} onInput={(event) => { setName(event.currentTarget.value); }} maxLength={64} autocomplete="off" spellcheck={false} required />}
        </Field>
      )}
      <Rights form="user-" all={all} role={role} setRole={setRole} cameras={cameras} setCameras={setCameras} errors={errors} />
      <Field name="password" form="user-" words={user ? "New password" : "Password of the user"} hint={hint} errors={errors}>{word}</Field>
      <Said words={said} />
      <Buttons busy={busy} words={user ? "Save" : "Add"} {...(user ? { danger: "Remove", onDanger: () => void remove() } : {})} />
    </form>
  );
}

function TokenForm({ all }: { all: readonly CameraInfo[] }) {
  const { busy, said, errors, send } = useForm();
  const { form, onKeyDown } = useOpened("add-token", "add-token", close);
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [cameras, setCameras] = useState<number[] | null>(null);
  const [days, setDays] = useState("90");

  async function save(event: Event): Promise<void> {
    event.preventDefault();
    const seen = role === "admin" ? null : cameras;
    const answer = await send(() => addToken({ name, role, cameras: seen, days: days.trim() === "" ? null : Number(days) }));
    if (answer === undefined) return;
    made.value = answer;
    open.value = null;
    await load();
  }

  return (
    <form class="form" ref={form} onKeyDown={onKeyDown} onSubmit={(event) => void save(event)} aria-label="New token">
      <h3>New token</h3>
      <Field name="name" form="token-" words="Name of the token" hint="what it is for" errors={errors}>
        {(more) => <input {...more} value={name} onInput={(event) => { setName(event.currentTarget.value); }} maxLength={64} autocomplete="off" required />}
      </Field>
      <Rights form="token-" all={all} role={role} setRole={setRole} cameras={cameras} setCameras={setCameras} errors={errors} />
      <Field name="days" form="token-" words="Days until it ends" hint="empty: never" errors={errors}>
        {(more) => <input {...more} value={days} onInput={(event) => { setDays(event.currentTarget.value); }} inputMode="numeric" pattern="\d*" autocomplete="off" />}
      </Field>
      <Said words={said} />
      <Buttons busy={busy} words="Make" />
    </form>
  );
}

const rights = ({ role, cameras }: { role: Role; cameras: number[] | null }, all: readonly CameraInfo[]): string =>
  role === "admin" ? "admin" : `${role}, ${scopeText(cameras, all)}`;

function Users({ all }: { all: readonly CameraInfo[] }) {
  return (
    <>
      <h2>Users</h2>
      <ul class="list">
        {users.value.map((user) => (
          <li key={user.name}>
            {open.value === user.name ? (
              <UserForm user={user} all={all} />
            ) : (
              <div class="entry">
                <span>
                  {user.name}
                  <small>{rights(user, all) + (user.password ? "" : ", by a trusted proxy only")}</small>
                </span>
                <button type="button" class="quiet" id={`edit-user-${user.name}`} aria-label={`Edit ${user.name}`} onClick={() => (open.value = user.name)}>
                  Edit
                </button>
              </div>
            )}
          </li>
        ))}
      </ul>
      {open.value === "+user" ? <UserForm user={null} all={all} /> : (
        <button type="button" class="strong" id="add-user" onClick={() => (open.value = "+user")}>
          Add a user
        </button>
      )}
    </>
  );
}

function Token({ token, all }: { token: TokenInfo; all: readonly CameraInfo[] }) {
  const [sure, setSure] = useState(false);
  const ends = token.expires === null ? "never ends" : `ends ${new Date(token.expires * 1000).toLocaleDateString()}`;
  async function remove(): Promise<void> {
    if (!sure) { setSure(true); return; }
    const answer = await removeToken(token.id);
    if (made.value?.id === token.id) made.value = null;
    await load();
    if (!answer.ok) trouble.value = answer.words;
  }
  return (
    <div class="entry">
      <span>
        {token.name}
        <small>{`${rights(token, all)}; ${ends}`}</small>
      </span>
      <button type="button" class="quiet" aria-label={`Remove the token ${token.name}`} onClick={() => void remove()}>
        {sure ? "Remove for good" : "Remove"}
      </button>
    </div>
  );
}

function Tokens({ all }: { all: readonly CameraInfo[] }) {
  return (
    <>
      <h2>Tokens</h2>
      <p class="quiet">For scripts and other servers: <code>Authorization: Bearer …</code></p>
      <ul class="list">
        {tokens.value.map((token) => (
          <li key={token.id}>
            <Token token={token} all={all} />
          </li>
        ))}
      </ul>
      {made.value && (
        <p class="notice" role="status">
          The token {made.value.name}, shown this once: <code class="token">{made.value.token}</code>
        </p>
      )}
      {open.value === "+token" ? <TokenForm all={all} /> : (
        <button type="button" class="strong" id="add-token" onClick={() => (open.value = "+token")}>
          Make a token
        </button>
      )}
    </>
  );
}

function OwnPassword() {
  const { busy, said, errors, send } = useForm();
  const [current, setCurrent] = useState("");
  const [password, setPassword] = useState("");
  const [done, setDone] = useState(false);
  async function save(event: Event): Promise<void> {
    event.preventDefault();
    setDone(false);
    if ((await send(() => changePassword(current, password))) === undefined) return;
    setCurrent("");
    setPassword("");
    setDone(true);
  }
  return (
    <form class="form" onSubmit={(event) => void save(event)} aria-label="Your password">
      <h2>Your password</h2>
      <div class="pair">
        <Field name="current" form="own-" words="The one you have" errors={errors}>
          {(more) => <input {...more} type="password" value={current} onInput={(event) => { setCurrent(event.currentTarget.value); }} autocomplete="current-password" required />}
        </Field>
        <Field name="password" form="own-" words="The one you want" hint="10 characters at least" errors={errors}>
          {(more) => <input {...more} type="password" value={password} onInput={(event) => { setPassword(event.currentTarget.value); }} autocomplete="new-password" required />}
        </Field>
      </div>
      <Said words={said} />
      {done && <p role="status">Changed. You are signed out everywhere else.</p>}
      <p class="buttons">
        <button class="strong" disabled={busy}>
          Change
        </button>
      </p>
    </form>
  );
}

/** What the settings page says of users and tokens; nothing where nobody signs in. */
export function Access({ cameras }: { cameras: readonly CameraInfo[] }) {
  const who = me.value;
  const admin = who?.access === true && who.role === "admin";
  useEffect(() => {
    if (admin) void load();
  }, [admin]);
  if (who?.access !== true) return null;
  return (
    <>
      {admin && <Users all={cameras} />}
      {admin && <Tokens all={cameras} />}
      {admin && <Embed cameras={cameras} />}
      <Said words={trouble.value} />
      {who.way === "session" && <OwnPassword />}
    </>
  );
}
