// The single-camera viewer: one player as large as the window allows, and a line of figures.
import { signal } from "@preact/signals";
import { render } from "preact";
import { cameraId, type PlayerMode, type PlayerState } from "../media";
import type { CameraInfo } from "../wire";
import { fetchCamera, type Answer } from "./api";
import { figures } from "./figures";
import { RazzPlayer } from "./player";
import { StateDot } from "./state";

const INFO_MS = 3_000;

const query = new URLSearchParams(location.search);
const wanted = query.get("camera");
const id = cameraId(wanted);
const answer = signal<Answer<CameraInfo> | null>(null);
const player = signal<PlayerState | null>(null);
const mode = signal<PlayerMode>(query.get("mode") === "live" ? "live" : "exact");
const hidden = signal<{ boxes: boolean; labels: boolean; trails: boolean }>({
  boxes: query.has("no-boxes"),
  labels: query.has("no-labels"),
  trails: query.has("no-trails"),
});

async function refresh(camera: number): Promise<void> {
  const next = await fetchCamera(camera);
  // An unknown camera may be added later; a server that does not answer is no reason to take the player away.
  if (next.ok || next.status !== null || answer.value === null) answer.value = next;
  if (next.ok) document.title = `${next.value.name} · razz`;
  setTimeout(() => void refresh(camera), INFO_MS);
}

function Switch({ what }: { what: "boxes" | "labels" | "trails" }) {
  const on = !hidden.value[what];
  return (
    <button
      type="button"
      aria-pressed={on}
      onClick={() => {
        hidden.value = { ...hidden.value, [what]: on };
      }}
    >
      {what}
    </button>
  );
}

function Controls() {
  return (
    <div class="controls" role="group" aria-label="What is shown">
      <button
        type="button"
        aria-pressed={mode.value === "live"}
        title="exact: every box on its own frame. live: no hold, boxes carried on by their speed."
        onClick={() => {
          mode.value = mode.value === "live" ? "exact" : "live";
        }}
      >
        live
      </button>
      <Switch what="boxes" />
      <Switch what="labels" />
      <Switch what="trails" />
    </div>
  );
}

function NoCamera({ words }: { words: string }) {
  return (
    <section class="empty">
      <h1>No such camera</h1>
      <p>{words}</p>
      <p>
        <a href="/">All cameras</a>
      </p>
    </section>
  );
}

function Viewer() {
  const info = answer.value;
  const name = info?.ok ? info.value.name : id === null ? "" : `Camera ${id}`;
  const missing = id === null || (info !== null && !info.ok && info.status === 404);
  return (
    <>
      <header class="top">
        <a class="brand" href="/">
          razz
        </a>
        <h1>{name}</h1>
        {info?.ok && <StateDot state={info.value.state} />}
        {!missing && <Controls />}
      </header>
      <main class="single">
        {missing ? (
          <NoCamera words={unknownWords()} />
        ) : (
          <>
            <RazzPlayer
              camera={id}
              controls
              mode={mode.value}
              no-boxes={hidden.value.boxes}
              no-labels={hidden.value.labels}
              no-trails={hidden.value.trails}
              onrazz-state={(event) => {
                player.value = event.detail;
              }}
            />
            <p class="figures">
              {figures(player.value).map(([what, value]) => (
                <span key={what}>
                  {what} <b>{value}</b>
                </span>
              ))}
            </p>
          </>
        )}
      </main>
    </>
  );
}

function unknownWords(): string {
  if (wanted === null) return "The address names no camera: it ends with ?camera=1, for example.";
  if (id === null) return `"${wanted}" is no camera: it is a number from 1, or "camera1".`;
  return `This server has no camera ${id}.`;
}

const app = document.getElementById("app");
if (app) render(<Viewer />, app);
if (id !== null) void refresh(id);
