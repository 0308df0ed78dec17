// Cameras added, tried out, changed and removed.
import { signal } from "@preact/signals";
import { render } from "preact";
import { useRef, useState } from "preact/hooks";
import type { CameraInfo, CameraProbe, DetectFrom, KeyProblem, RecordMode, Transport } from "../wire";
import { Access } from "./access";
import { addCamera, areasHref, changeCamera, fetchCameras, removeCamera, testCamera, viewerHref } from "./api";
import { EMPTY, editOf, type Fields, fieldsOf, isEncrypted } from "./cameraform";
import { Detector, detector } from "./detector";
import { Field } from "./field";
import { useOpened } from "./form";
import { me } from "./me";
import { poll } from "./poll";
import { Header } from "./shell";
import { StateDot } from "./state";

const LIST_MS = 3_000;

const cameras = poll(fetchCameras, LIST_MS);
/** The camera whose form is open; "new": one that is not there yet. */
const open = signal<number | "new" | null>(null);

/** Where a form is on its way. */
type Busy = "no" | "testing" | "saving" | "removing";

function Found({ probe }: { probe: CameraProbe }) {
  const { size, fps, gop_frames: gop } = probe;
  const facts: [string, string | null][] = [
    ["codec", probe.codec && [probe.codec, probe.profile].filter(Boolean).join(", ")],
    ["size", size ? `${size[0]} × ${size[1]}` : null],
    ["rate", fps === null ? null : `${fps.toFixed(1)} frames a second`],
    ["IDR every", gop === null || !fps ? null : `${gop} frames (${(gop / fps).toFixed(1)} s)`],
    ["B-frames", probe.b_frames === null ? null : probe.b_frames ? "yes" : "no"],
    ["certificate", probe.certificate],
    ["bitrate", probe.bitrate_kbps === null ? null : `${probe.bitrate_kbps} kbit/s`],
  ];
  return (
    <section class="found" aria-live="polite">
      <h3>{probe.ok ? "The camera can be used." : "The camera cannot be used like this."}</h3>
      {probe.picture && <img src={probe.picture} alt="What the camera sees" />}
      {probe.error !== null && <p class="trouble">{probe.error}</p>}
      <dl>
        {facts.map(([name, value]) => value !== null && (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {probe.quirks.length > 0 && (
        <details>
          <summary>{probe.quirks.length === 1 ? "One thing is" : `${probe.quirks.length} things are`} odd about it, and razz copes</summary>
          <ul>
            {probe.quirks.map(({ name, count, meaning }) => (
              <li key={name}>{meaning} <small>({name}, {count === 1 ? "once" : `${count} times`})</small></li>
            ))}
          </ul>
        </details>
      )}
      {probe.advice.length > 0 && (
        <ul>
          {probe.advice.map((words) => (
            <li key={words}>{words}</li>
          ))}
        </ul>
      )}
    </section>
  );
}

const close = (): void => { open.value = null; };
/** The button that opens the form of a new camera. */
const ADD = "add-camera";

/** The field says "off" where the file says 0. */
const inOurWords = ({ key, message }: KeyProblem): KeyProblem => ({ key, message: key === "detect_fps" ? message.replace(', 0, or "max"', ", off, or max") : message });

function Form({ camera }: { camera: CameraInfo | null }) {
  const before = camera ? fieldsOf(camera) : null;
  const [fields, setFields] = useState<Fields>(before ?? EMPTY);
  const [busy, setBusy] = useState<Busy>("no");
  const [said, setSaid] = useState("");
  const [errors, setErrors] = useState<KeyProblem[]>([]);
  const [probes, setProbes] = useState<CameraProbe[]>([]);
  const [sure, setSure] = useState(false);
  const { form, onKeyDown, goes } = useOpened(camera ? `edit-${camera.id}` : ADD, ADD, close);

  const changes = useRef(0);
  const change = (more: Partial<Fields>): void => {
    setFields({ ...fields, ...more });
    // What was found, or is being looked for, is of the camera as it stood here before.
    setProbes([]);
    changes.current += 1;
  };
  const text = (key: Exclude<keyof Fields, "forget">) => ({
    value: fields[key],
    onInput: (event: { currentTarget: { value: string } }) => { change({ [key]: event.currentTarget.value }); },
  });
  const refused = (answer: { words: string; errors: KeyProblem[] }): void => {
    setErrors(answer.errors.map(inOurWords));
    // What stands at a field is not said twice.
    setSaid(answer.errors.some(({ key }) => key !== null) ? "" : answer.words);
  };
  const begin = (what: Busy): void => {
    setBusy(what);
    setErrors([]);
    setSaid("");
  };

  async function test(): Promise<void> {
    begin("testing");
    setProbes([]);
    const edit = editOf(fields, before);
    const asked = changes.current;
    const found: CameraProbe[] = [];
    for (const stream of fields.sub.trim() === "" ? (["main"] as const) : (["main", "sub"] as const)) {
      const answer = await testCamera(camera ? { id: camera.id, ...edit } : edit, stream);
      if (changes.current !== asked) break;
      if (!answer.ok) { refused(answer); break; }
      setProbes([...found, answer.value]);
      found.push(answer.value);
    }
    setBusy("no");
  }

  async function save(event: Event): Promise<void> {
    event.preventDefault();
    begin("saving");
    const edit = editOf(fields, before);
    const answer = camera ? await changeCamera(camera.id, edit) : await addCamera(edit);
    setBusy("no");
    if (!answer.ok) { refused(answer); return; }
    cameras.again();
    close();
  }

  async function remove(): Promise<void> {
    if (!camera) return;
    if (!sure) { setSure(true); return; }
    begin("removing");
    const answer = await removeCamera(camera.id);
    setBusy("no");
    if (!answer.ok) { refused(answer); return; }
    goes();
    cameras.again();
    close();
  }

  const kept = fields.forget ? "none" : camera?.credentials ? "as it is; type to change it" : "";
  return (
    <form class="form" ref={form} onKeyDown={onKeyDown} onSubmit={(event) => void save(event)} aria-label={camera ? camera.name : "New camera"}>
      <h2>{camera ? camera.name : "New camera"}</h2>
      <Field name="name" words="Name" errors={errors}>
        {(more) => <input {...more} {...text("name")} maxLength={100} autocomplete="off" />}
      </Field>
      <Field name="url" words="Address" hint="rtsp:// or rtsps://, host and path, as the camera's manual says" errors={errors}>
        {(more) => <input {...more} {...text("url")} inputMode="url" spellcheck={false} autocomplete="off" required />}
      </Field>
      <div class="pair">
        <Field name="username" words="User name" errors={errors}>
          {(more) => <input {...more} {...text("username")} disabled={fields.forget} placeholder={kept} spellcheck={false} autocomplete="off" />}
        </Field>
        <Field name="password" words="Password" errors={errors}>
          {(more) => <input {...more} {...text("password")} disabled={fields.forget} type="password" placeholder={kept} autocomplete="new-password" />}
        </Field>
      </div>
      {camera?.credentials && (
        <p class="boxes">
          <label>
            <input type="checkbox" checked={fields.forget} onChange={(event) => { change({ forget: event.currentTarget.checked }); }} />
            The camera wants neither: forget what is kept
          </label>
        </p>
      )}
      <div class="pair">
        <Field name="sub_url" words="Smaller stream" hint="address of the camera's sub-stream, if it has one" errors={errors}>
          {(more) => <input {...more} {...text("sub")} inputMode="url" spellcheck={false} autocomplete="off" />}
        </Field>
        <Field name="detect_from" words="Detect on" hint="on the smaller stream it takes less, and boxes are near their frame, not exact" errors={errors}>
          {(more) => (
            <select {...more} value={fields.from} onChange={(event) => { change({ from: event.currentTarget.value as DetectFrom }); }}>
              <option value="main">main stream</option>
              <option value="sub">smaller stream</option>
            </select>
          )}
        </Field>
      </div>
      <div class="pair">
        <Field name="transport" words="Transport" hint="UDP where TCP stutters, HTTP where nothing else passes" errors={errors}>
          {(more) => (
            <select {...more} value={fields.transport} onChange={(event) => { change({ transport: event.currentTarget.value as Transport }); }}>
              <option value="tcp">TCP</option>
              <option value="udp" disabled={isEncrypted(fields)}>UDP</option>
              <option value="http">{isEncrypted(fields) ? "HTTPS" : "HTTP"}</option>
            </select>
          )}
        </Field>
        <Field name="detect_fps" words="Detections a second" hint="a number, off, or max" errors={errors}>
          {(more) => <input {...more} {...text("detect")} list="rates" autocomplete="off" />}
        </Field>
        <Field name="priority" words="Priority" hint="above 1, it keeps more of its detections while the machine has too much to do" errors={errors}>
          {(more) => <input {...more} {...text("priority")} inputMode="decimal" autocomplete="off" />}
        </Field>
        <Field name="record" words="Record" hint="where [record] of the config file names a folder" errors={errors}>
          {(more) => (
            <select {...more} value={fields.record} onChange={(event) => { change({ record: event.currentTarget.value as RecordMode }); }}>
              <option value="always">always</option>
              <option value="visits">visits: while somebody is seen</option>
              <option value="off">off</option>
            </select>
          )}
        </Field>
        <datalist id="rates">
          {["off", "1", "6", "15", "max"].map((rate) => (
            <option key={rate} value={rate} />
          ))}
        </datalist>
      </div>
      {isEncrypted(fields) && (
        <Field name="certificate" words="Certificate" hint="pinned: the one it shows first; checked: one that authorities vouch for; or a fingerprint, sha256:…" errors={errors}>
          {(more) => <input {...more} {...text("certificate")} list="checks" spellcheck={false} autocomplete="off" />}
        </Field>
      )}
      <datalist id="checks">
        {["pinned", "checked"].map((check) => (
          <option key={check} value={check} />
        ))}
      </datalist>
      {said !== "" && (
        <p class="trouble" role="alert">
          {said}
        </p>
      )}
      <p class="buttons">
        <button class="strong" disabled={busy !== "no"}>
          {busy === "saving" ? "Saving…" : camera ? "Save" : "Add"}
        </button>
        <button type="button" class="quiet" disabled={busy !== "no"} onClick={() => void test()}>
          {busy === "testing" ? "Looking at the camera…" : "Test"}
        </button>
        <button type="button" class="quiet" onClick={close}>
          Cancel
        </button>
        {camera && (
          <button type="button" class="quiet danger" disabled={busy !== "no"} onClick={() => void remove()}>
            {sure ? "Remove for good" : "Remove"}
          </button>
        )}
      </p>
      {busy === "testing" && <progress aria-label="Looking at the camera" />}
      {probes.map((probe) => (
        <Found key={probe.url} probe={probe} />
      ))}
    </form>
  );
}

function Settings() {
  const list = cameras.value.value ?? [];
  const shown = open.value;
  // Before it is known who looks, the page is the admin's: the server refuses in any case.
  const admin = me.value === null || me.value.role === "admin";
  const editable = admin && detector.value?.editable !== false;
  return (
    <>
      <Header warning={cameras.trouble.value}>
        <h1 class="spoken">Settings</h1>
      </Header>
      <main id="main" class="page">
        <h2>Cameras</h2>
        <ul class="list">
          {list.map((camera) => (
            <li key={camera.id}>
              {shown === camera.id ? (
                <Form camera={camera} />
              ) : (
                <div class="entry">
                  <span>
                    <a href={viewerHref(camera.id)}>{camera.name}</a>
                    <small>{camera.url}</small>
                  </span>
                  <StateDot state={camera.state} />
                  <a href={areasHref(camera.id)} aria-label={`Areas of ${camera.name}`}>
                    Areas
                  </a>
                  {editable && (
                    <button type="button" class="quiet" id={`edit-${camera.id}`} aria-label={`Edit ${camera.name}`} onClick={() => (open.value = camera.id)}>
                      Edit
                    </button>
                  )}
                </div>
              )}
            </li>
          ))}
        </ul>
        {shown === "new" && <Form camera={null} />}
        {editable && shown !== "new" && (
          <button type="button" class="strong" id={ADD} onClick={() => (open.value = "new")}>
            Add a camera
          </button>
        )}
        <p class="quiet">
          {editable
            ? "Changes are written into the config file, which keeps its comments; the other cameras do not notice. The tracker and ports are set in the file itself."
            : admin
              ? <>This server runs without a config file, so its cameras stay as they are. With <code>razz serve --config razz.toml</code> they are added and changed here.</>
              : "You may watch these cameras; an admin changes them."}
        </p>
        {admin && <Detector cameras={list} />}
        <Access cameras={list} />
      </main>
    </>
  );
}

const app = document.getElementById("app");
if (app) render(<Settings />, app);
