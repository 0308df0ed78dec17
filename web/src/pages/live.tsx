// The index page: every camera, live, in a grid that fits the window and that the viewer arranges.
import { computed, effect, signal, useSignalEffect } from "@preact/signals";
import { render } from "preact";
import { useRef } from "preact/hooks";
import type { CameraInfo } from "../wire";
import { fetchCameras, viewerHref } from "./api";
import { gridColumns, tileMin } from "./grid";
import { keysFor } from "./keys";
import { large, showLarge } from "./large";
import { arranged, keepOrder, moved, readOrder } from "./order";
import { playbackHref } from "./place";
import { RazzPlayer } from "./player";
import { poll } from "./poll";
import type { KeyWords } from "./keysdialog";
import { headPx, Header } from "./shell";
import { StateDot } from "./state";

/** The list is asked for this often: cameras come and go, and change their state. */
const LIST_MS = 3_000;
/** Height of a tile's bar and the gaps, and of what is around the grid beside the header, in CSS pixels; as in style.css. */
const BAR_PX = 52;
const AROUND_PX = 8;

const KEYS: KeyWords = [
  ["Tab, arrows", "from camera to camera"],
  ["Enter", "enlarge a camera"],
  ["Esc", "back to all cameras"],
  ["left, right", "enlarged: the camera before, the next"],
  ["B  L  T  M  C  Q  D  F  P", "enlarged: the player's own keys, as on the camera's page"],
  ["O", "open the camera's own page"],
  ["Shift + arrows", "move the camera in the grid"],
  ["?", "this list"],
];

const list = poll(fetchCameras, LIST_MS);
const order = signal<number[]>(readOrder(localStorage));
const cameras = computed(() => arranged(list.value.value ?? [], order.value));
/** The camera that fills the window; null: all are shown, as when the one wanted has been removed. */
const enlarged = computed(() => (cameras.value.some(({ id }) => id === large.value) ? large.value : null));
const dragged = signal<number | null>(null);
const room = signal({ width: innerWidth, height: innerHeight });

function move(id: number, to: number): void {
  order.value = moved(cameras.value.map((camera) => camera.id), id, to);
  keepOrder(localStorage, order.value);
}

/** The player of a camera that fills the window, the button over the others. */
function focusOn(id: number | null): void {
  const focus = (): void => document.querySelector<HTMLElement>(`[data-camera="${id ?? 0}"] :is(.picture, razz-player[controls])`)?.focus();
  focus();
  // And once the page is drawn anew: a tile that was moved or hidden has lost the focus, one that was hidden could not have it.
  requestAnimationFrame(focus);
}

// However it came about, by a key, a click or the browser's Back: the focus stays on what was enlarged.
let before = large.peek();
effect(() => {
  const now = large.value;
  if (now !== before) focusOn(now ?? before);
  before = now;
});

/** Columns of the grid as it is laid out now. */
function columnsNow(): number {
  const grid = document.querySelector(".grid");
  return grid ? getComputedStyle(grid).gridTemplateColumns.split(" ").length : 1;
}

function onKey(event: KeyboardEvent, camera: CameraInfo): void {
  // Those are the browser's: Ctrl+O, Alt+Left.
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columnsNow(), ArrowDown: columnsNow() }[event.key];
  if (event.key.toLowerCase() === "o") location.href = viewerHref(camera.id);
  else if (step !== undefined) {
    const at = cameras.value.findIndex(({ id }) => id === camera.id);
    const next = cameras.value[at + step];
    if (event.shiftKey) move(camera.id, at + step);
    focusOn(event.shiftKey ? camera.id : (next?.id ?? camera.id));
  } else return;
  event.preventDefault();
}

/** Dragging by the handle: the tile goes where the pointer is, with mouse and finger alike. */
function startDrag(event: PointerEvent, id: number): void {
  if (event.button !== 0) return;
  const handle = event.currentTarget as HTMLElement;
  handle.setPointerCapture(event.pointerId);
  const follow = ({ clientX, clientY }: PointerEvent): void => {
    const over = document.elementsFromPoint(clientX, clientY).map((element) => element.closest<HTMLElement>("[data-camera]")).find(Boolean);
    const other = Number(over?.dataset.camera ?? id);
    dragged.value = id;
    if (other !== id) move(id, cameras.value.findIndex((camera) => camera.id === other));
  };
  const drop = (): void => {
    dragged.value = null;
    ended.abort();
  };
  // On the document: the handle loses the pointer when its tile is moved.
  const ended = new AbortController();
  document.addEventListener("pointermove", follow, { signal: ended.signal });
  for (const type of ["pointerup", "pointercancel"] as const) document.addEventListener(type, drop, { signal: ended.signal });
}

function Tile({ camera }: { camera: CameraInfo }) {
  const isLarge = enlarged.value === camera.id;
  // Without an answer nobody knows how the camera is.
  const state = list.trouble.value === "" ? camera.state : "unknown";
  const classes = ["tile", state, isLarge ? "large" : "", dragged.value === camera.id ? "dragged" : ""];
  return (
    <li class={classes.join(" ")} data-camera={camera.id} hidden={enlarged.value !== null && !isLarge}>
      <div class="stage">
        <RazzPlayer camera={camera.id} when-visible controls={isLarge} aria-label={`${camera.name}: player`} />
        {!isLarge && (
          <button
            type="button"
            class="picture"
            aria-label={`${camera.name}, ${state}: enlarge`}
            onClick={() => {
              showLarge(camera.id);
            }}
            onKeyDown={(event) => {
              onKey(event, camera);
            }}
          />
        )}
      </div>
      <div class="bar">
        <span
          class="handle"
          title="Drag to arrange (Shift + arrows)"
          aria-hidden="true"
          onPointerDown={(event) => {
            startDrag(event, camera.id);
          }}
        >
          ⠿
        </span>
        <a href={viewerHref(camera.id)} title={camera.name}>
          {camera.name}
        </a>
        <StateDot state={state} />
        {isLarge && (
          <button type="button" class="quiet" title="All cameras (Esc)" onClick={() => { showLarge(null); }}>
            All cameras
          </button>
        )}
      </div>
    </li>
  );
}

function Grid() {
  const grid = useRef<HTMLUListElement>(null);
  useSignalEffect(() => {
    const count = cameras.value.length;
    const { width, height } = room.value;
    const high = height - headPx.value - AROUND_PX;
    const least = tileMin(width);
    const columns = Math.max(1, Math.min(gridColumns(count, width, high, BAR_PX), Math.floor(width / least)));
    const rows = Math.ceil(count / columns);
    const byHeight = ((high / Math.max(1, rows) - BAR_PX) * 16) / 9;
    grid.current?.style.setProperty("--columns", String(columns));
    // Where tiles do not fit by their height, they are scrolled: then they may as well be as wide as the window.
    const tile = byHeight < least ? "1fr" : `${Math.floor(byHeight)}px`;
    grid.current?.style.setProperty("--tile", tile);
  });
  return (
    <ul class={enlarged.value === null ? "grid" : "grid one"} ref={grid} aria-label="Cameras">
      {cameras.value.map((camera) => (
        <Tile key={camera.id} camera={camera} />
      ))}
    </ul>
  );
}

function Empty() {
  return (
    <section class="empty">
      <h2>No cameras yet</h2>
      <p>
        Add one in <a href="settings.html">Settings</a>, or to <code>razz.toml</code>; the running server takes it up without a restart:
      </p>
      <pre tabindex={0}>{`[[camera]]\nid = 1\nname = "Gate"\nurl = "rtsp://user:password@10.0.0.5/stream1"`}</pre>
      <p>
        To look around first, start <code>razz demo</code>. When no picture comes, see{" "}
        <a href="troubleshooting.html">Troubleshooting</a>.
      </p>
    </section>
  );
}

function Live() {
  const all = list.value.value;
  const online = all?.filter(({ state }) => state === "online").length ?? 0;
  return (
    <>
      <Header warning={list.trouble.value} keys={KEYS}>
        <h1 class="spoken">Live</h1>
        {all && all.length > 0 && list.trouble.value === "" && (
          <span class="count">
            {online} of {all.length} online
          </span>
        )}
      </Header>
      <main id="main">{all && all.length > 0 ? <Grid /> : all ? <Empty /> : null}</main>
    </>
  );
}

addEventListener("resize", () => {
  room.value = { width: innerWidth, height: innerHeight };
});
/** Links to a recorded moment begin at the app's own address: `#/playback?at=…`. */
function leadOn(): void {
  const elsewhere = playbackHref(location.hash);
  if (elsewhere !== null) location.replace(elsewhere);
}
addEventListener("hashchange", leadOn);
leadOn();
keysFor(() => document.querySelector<HTMLElement>("razz-player[controls]"));
addEventListener("keydown", (event) => {
  const id = enlarged.value;
  const elsewhere = event.ctrlKey || event.altKey || event.metaKey || document.fullscreenElement !== null || document.querySelector("dialog[open]") !== null;
  // What the player had a use for is done with: it closes its panels, and moves a magnified picture.
  if (id === null || elsewhere || event.defaultPrevented) return;
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (event.key === "Escape") showLarge(null);
  else if (event.key.toLowerCase() === "o") location.href = viewerHref(id);
  else if (step !== undefined) {
    const next = cameras.value[cameras.value.findIndex((camera) => camera.id === id) + step];
    if (next) showLarge(next.id);
  }
});
const app = document.getElementById("app");
if (app) render(<Live />, app);
