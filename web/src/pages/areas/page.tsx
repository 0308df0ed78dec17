// Lines and zones drawn on a camera's picture, with what they would have counted beside them.
import { effect } from "@preact/signals";
import { render } from "preact";
import type { CameraInfo } from "../../wire";
import { areasHref } from "../api";
import { whenOf } from "../facts/numbers";
import type { KeyWords } from "../keysdialog";
import { me } from "../me";
import { Header } from "../shell";
import { StateDot } from "../state";
import { align, findRight, load, redoStep, undoStep } from "./actions";
import "./areas.css";
import { List } from "./list";
import { followPreview } from "./preview";
import { Stage } from "./stage";
import { asked, camera, cameras, editable, loaded, moved, shown, spoken, unsaved } from "./state";
import { Toolbar } from "./toolbar";

const KEYS: KeyWords = [
  ["Tab", "from point to point of the area in hand"],
  ["arrows", "move the point by a pixel of the picture; with Shift by 10"],
  ["Backspace", "remove the point; while drawing: the last one"],
  ["+", "add a point after it"],
  ["Space, Enter", "while drawing: set a point, finish"],
  ["Esc", "cancel"],
  ["Ctrl + Z", "undo; with Shift: redo"],
  ["?", "this list"],
];

function Editor({ camera: at }: { camera: CameraInfo }) {
  const how = loaded.value;
  if (typeof how === "object") {
    return (
      <section class="empty">
        <h2>No areas here</h2>
        <p>{how.status === 404 ? "This server knows no areas: its version is older than this page." : how.words}</p>
      </section>
    );
  }
  return (
    <div class="editor">
      <div class="work">
        <Toolbar />
        <Elsewhere />
        <Stage camera={at} />
        {shown.value && (
          <p class="moment">
            A recorded picture of {whenOf(shown.value.unix)}.{" "}
            <button type="button" class="quiet" onClick={() => (shown.value = null)}>
              Back to live
            </button>
          </p>
        )}
        {how === "yes" && !editable.value && <p class="notice">{whyNot()}</p>}
      </div>
      <aside>{how === "yes" ? <List /> : <p class="quiet">Asking for the areas…</p>}</aside>
      <p class="spoken" role="status">
        {spoken.value}
      </p>
    </div>
  );
}

/** Says that the camera was moved since its areas were drawn, and what can be done. */
function Elsewhere() {
  const by = moved.value;
  if (!by) return spoken.value.startsWith("Moved along") && unsaved.value ? <p class="notice">{spoken.value}</p> : null;
  return (
    <div class="notice elsewhere" role="status">
      <p>
        <b>This camera was moved</b> by {(100 * by.by).toFixed(1)} % of its picture's width since these areas were drawn (seen {whenOf(by.since)}). They count what is somewhere else now.
      </p>
      <p class="buttons">
        <button type="button" class="strong" onClick={align}>
          Move the areas along
        </button>
        {editable.value && (
          <button type="button" class="quiet" onClick={() => void findRight()}>
            They are right as they are
          </button>
        )}
      </p>
    </div>
  );
}

/** Why nothing can be saved here. */
function whyNot() {
  const try_ = "You may draw all the same, to see what an area would have counted.";
  if (me.value !== null && me.value.role !== "admin" && me.value.access) return `You may look at these areas; an admin changes them. ${try_}`;
  return <>This server runs without a config file, so its areas stay as they are. With <code>razz serve --config razz.toml</code> they are saved here. {try_}</>;
}

function Picker({ at }: { at: CameraInfo }) {
  const list = cameras.value.value ?? [];
  if (list.length < 2) return <h1>{at.name}</h1>;
  return (
    <>
      <h1 class="spoken">Areas of {at.name}</h1>
      <select
        aria-label="Camera"
        value={at.id}
        onChange={(event) => {
          const { currentTarget: select } = event;
          // The browser asks whether to leave what is not saved; who stays has the camera of before.
          location.assign(areasHref(Number(select.value)));
          select.value = String(at.id);
        }}
      >
        {list.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
    </>
  );
}

function Page() {
  const at = camera.value;
  const known = cameras.value.value;
  return (
    <>
      <Header keys={at ? KEYS : []} warning={cameras.trouble.value} {...(at ? {} : { title: "Areas" })}>
        {at && <Picker at={at} />}
        {at && <StateDot state={at.state} />}
      </Header>
      <main id="main">
        {at ? <Editor camera={at} /> : known !== null && <NoCamera />}
      </main>
    </>
  );
}

function NoCamera() {
  return (
    <section class="empty">
      <h2>No such camera</h2>
      <p>{asked === null ? "Areas are drawn on a camera's picture, and there is no camera yet." : `This server has no camera ${asked}.`}</p>
      <p>
        <a href="settings.html">Settings</a>
      </p>
    </section>
  );
}

let loading: number | null = null;
effect(() => {
  const { value } = camera;
  if (!value || value.id === loading) return;
  loading = value.id;
  document.title = `Areas of ${value.name} · razz`;
  void load(value.id);
});
followPreview();
addEventListener("beforeunload", (event) => {
  if (editable.value && unsaved.value) event.preventDefault();
});
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z") return;
  event.preventDefault();
  if (event.shiftKey) redoStep();
  else undoStep();
});
const app = document.getElementById("app");
if (app) render(<Page />, app);
