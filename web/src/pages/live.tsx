// The index page: every camera, live, in a grid that fits the window and that the viewer arranges.
import { computed, signal, useSignalEffect } from "@preact/signals";
import { render } from "preact";
import { useRef } from "preact/hooks";
import type { CameraInfo } from "../wire";
import { fetchCameras, viewerHref } from "./api";
import { gridColumns } from "./grid";
import { arranged, keepOrder, moved, readOrder } from "./order";
import { RazzPlayer } from "./player";
import { poll } from "./poll";
import { Header, type KeyWords } from "./shell";
import { StateDot } from "./state";

/** The list is asked for this often: cameras come and go, and change their state. */
const LIST_MS = 3_000;
/** Height of a tile's bar and the gaps, and of what is above the grid, in CSS pixels; as in style.css. */
const BAR_PX = 52;
const HEAD_PX = 56;
/** A tile smaller than this shows nothing: then the page scrolls. */
const TILE_MIN_PX = 280;

const KEYS: KeyWords = [
  ["Tab, arrows", "from camera to camera"],
  ["Enter", "enlarge a camera, and back"],
  ["Esc", "back to all cameras"],
  ["O", "open the camera's own page"],
  ["Shift + arrows", "move the camera in the grid"],
  ["?", "this list"],
];

const list = poll(fetchCameras, LIST_MS);
const order = signal<number[]>(readOrder(localStorage));
const cameras = computed(() => arranged(list.value.value ?? [], order.value));
/** The camera that fills the window; null: all are shown. */
const large = signal<number | null>(null);
const dragged = signal<number | null>(null);
const room = signal({ width: innerWidth, height: innerHeight });

function move(id: number, to: number): void {
  order.value = moved(cameras.value.map((camera) => camera.id), id, to);
  keepOrder(localStorage, order.value);
}

function enlarge(id: number | null): void {
  const back = large.value;
  large.value = id;
  // The focus stays on what was enlarged.
  requestAnimationFrame(() => {
    focusOn(id ?? back);
  });
}

function focusOn(id: number | null): void {
  document.querySelector<HTMLElement>(`[data-camera="${id ?? 0}"] .picture`)?.focus();
}

/** Columns of the grid as it is laid out now. */
function columnsNow(): number {
  const grid = document.querySelector(".grid");
  return grid ? getComputedStyle(grid).gridTemplateColumns.split(" ").length : 1;
}

function onKey(event: KeyboardEvent, camera: CameraInfo): void {
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columnsNow(), ArrowDown: columnsNow() }[event.key];
  if (event.key.toLowerCase() === "o") location.href = viewerHref(camera.id);
  else if (event.key === "Escape" && large.value !== null) enlarge(null);
  else if (step !== undefined) {
    const at = cameras.value.findIndex(({ id }) => id === camera.id);
    const next = cameras.value[at + step];
    if (event.shiftKey) move(camera.id, at + step);
    else if (next && large.value !== null) enlarge(next.id);
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
    handle.removeEventListener("pointermove", follow);
  };
  handle.addEventListener("pointermove", follow);
  handle.addEventListener("lostpointercapture", drop, { once: true });
}

function Tile({ camera }: { camera: CameraInfo }) {
  const isLarge = large.value === camera.id;
  const classes = ["tile", camera.state, isLarge ? "large" : "", dragged.value === camera.id ? "dragged" : ""];
  return (
    <li class={classes.join(" ")} data-camera={camera.id} hidden={large.value !== null && !isLarge}>
      <div class="stage">
        <RazzPlayer camera={camera.id} when-visible />
        <button
          type="button"
          class="picture"
          aria-pressed={isLarge}
          aria-label={`${camera.name}, ${camera.state}: ${isLarge ? "back to all cameras" : "enlarge"}`}
          onClick={() => {
            enlarge(isLarge ? null : camera.id);
          }}
          onKeyDown={(event) => {
            onKey(event, camera);
          }}
        />
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
        <a href={viewerHref(camera.id)}>{camera.name}</a>
        <StateDot state={camera.state} />
      </div>
    </li>
  );
}

function Grid() {
  const grid = useRef<HTMLUListElement>(null);
  useSignalEffect(() => {
    const count = cameras.value.length;
    const { width, height } = room.value;
    const fitting = gridColumns(count, width, height - HEAD_PX, BAR_PX);
    const columns = Math.max(1, Math.min(fitting, Math.floor(width / TILE_MIN_PX)));
    const rows = Math.ceil(count / columns);
    const byHeight = (((height - HEAD_PX) / Math.max(1, rows) - BAR_PX) * 16) / 9;
    grid.current?.style.setProperty("--columns", String(columns));
    grid.current?.style.setProperty("--tile", `${Math.max(TILE_MIN_PX, Math.floor(byHeight))}px`);
  });
  return (
    <ul class={large.value === null ? "grid" : "grid one"} ref={grid} aria-label="Cameras">
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
        Add one to <code>razz.toml</code>; the running server takes it up without a restart:
      </p>
      <pre tabindex={0}>{`[[camera]]\nid = 1\nname = "Gate"\nurl = "rtsp://user:password@10.0.0.5/stream1"`}</pre>
      <p>
        To look around first, start <code>razz demo</code>. When no picture comes, see{" "}
        <a href="/troubleshooting.html">Troubleshooting</a>.
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
        {all && all.length > 0 && (
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
const app = document.getElementById("app");
if (app) render(<Live />, app);
