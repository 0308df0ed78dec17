// The index page: every camera, live, in a grid that fits the window.
import { signal, useSignalEffect } from "@preact/signals";
import { render } from "preact";
import { useRef } from "preact/hooks";
import type { CameraInfo } from "../wire";
import { fetchCameras, viewerHref, type Answer } from "./api";
import { gridColumns } from "./grid";
import { RazzPlayer } from "./player";
import { StateDot } from "./state";

/** The list is asked for this often: cameras come and go, and change their state. */
const LIST_MS = 3_000;
/** Height of a tile's bar and the gaps, in CSS pixels; as in style.css. */
const BAR_PX = 52;
/** A tile smaller than this shows nothing: then the page scrolls. */
const TILE_MIN_PX = 280;

const answer = signal<Answer<CameraInfo[]> | null>(null);
/** The cameras last heard of: kept when the server stops answering, so that the players stay. */
const cameras = signal<CameraInfo[]>([]);
const room = signal({ width: innerWidth, height: innerHeight });

async function refresh(): Promise<void> {
  const next = await fetchCameras();
  answer.value = next;
  if (next.ok && JSON.stringify(next.value) !== JSON.stringify(cameras.value)) cameras.value = next.value;
  setTimeout(() => void refresh(), document.hidden ? LIST_MS * 5 : LIST_MS);
}

function Tile({ camera }: { camera: CameraInfo }) {
  return (
    <li class="tile">
      <a class="picture" href={viewerHref(camera.id)} aria-label={`${camera.name}: open alone`}>
        <RazzPlayer camera={camera.id} />
      </a>
      <div class="bar">
        <a href={viewerHref(camera.id)}>{camera.name}</a>
        <StateDot state={camera.state} />
      </div>
    </li>
  );
}

function Grid() {
  const list = useRef<HTMLUListElement>(null);
  useSignalEffect(() => {
    const count = cameras.value.length;
    const { width, height } = room.value;
    const fitting = gridColumns(count, width, height - 56, BAR_PX);
    const columns = Math.max(1, Math.min(fitting, Math.floor(width / TILE_MIN_PX)));
    const rows = Math.ceil(count / columns);
    const byHeight = (((height - 56) / Math.max(1, rows) - BAR_PX) * 16) / 9;
    list.current?.style.setProperty("--columns", String(columns));
    list.current?.style.setProperty("--tile", `${Math.max(TILE_MIN_PX, Math.floor(byHeight))}px`);
  });
  return (
    <ul class="grid" ref={list}>
      {cameras.value.map((camera) => (
        <Tile key={camera.id} camera={camera} />
      ))}
    </ul>
  );
}

function Empty() {
  return (
    <section class="empty">
      <h1>No cameras yet</h1>
      <p>
        Add one to <code>razz.toml</code>; the running server takes it up without a restart:
      </p>
      <pre>{`[[camera]]\nid = 1\nname = "Gate"\nurl = "rtsp://user:password@10.0.0.5/stream1"`}</pre>
      <p>
        <code>razz doctor --camera URL</code> tries an address and says what to change on the camera. To look around first,
        start <code>razz demo</code>.
      </p>
    </section>
  );
}

function Live() {
  const said = answer.value;
  return (
    <>
      <header class="top">
        <a class="brand" href="/">
          razz
        </a>
        {said && !said.ok && (
          <span class="warning" role="alert">
            {said.words}
          </span>
        )}
      </header>
      <main>{cameras.value.length > 0 ? <Grid /> : said?.ok ? <Empty /> : null}</main>
    </>
  );
}

addEventListener("resize", () => {
  room.value = { width: innerWidth, height: innerHeight };
});
const app = document.getElementById("app");
if (app) render(<Live />, app);
void refresh();
