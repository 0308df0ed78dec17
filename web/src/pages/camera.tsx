// One camera: its player, who is in the picture, and how it did over the last minutes.
import { signal } from "@preact/signals";
import { render } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { cameraId, type PlayerMode, type PlayerState, type RazzPlayer as PlayerElement } from "../media";
import type { CameraInfo, CameraStatus } from "../wire";
import { fetchCamera, fetchStatus } from "./api";
import type { Charts } from "./charts";
import { activeTracks, figures } from "./figures";
import { History } from "./history";
import { keysFor } from "./keys";
import { RazzPlayer } from "./player";
import { poll, type Polled } from "./poll";
import type { KeyWords } from "./keysdialog";
import { Header } from "./shell";
import { StateDot } from "./state";
import { noteFrame, Tracks } from "./tracks";

const INFO_MS = 3_000;
const STATUS_MS = 1_000;

const KEYS: KeyWords = [
  ["F", "full screen"],
  ["P", "picture-in-picture, with boxes"],
  ["B  L  T", "boxes, labels, trails"],
  ["M", "exact or live"],
  ["C", "choose by class and confidence"],
  ["Q", "what is sent: the camera's own video or a smaller one"],
  ["D", "figures for a bug report"],
  ["+  −  0", "magnify, back, whole picture"],
  ["arrows", "move the magnified picture"],
  ["?", "this list"],
];

const query = new URLSearchParams(location.search);
const wanted = query.get("camera");
const id = cameraId(wanted);
const mode: PlayerMode = query.get("mode") === "live" ? "live" : "exact";
const player = signal<PlayerState | null>(null);
const history = new History();
/** Counts the moments, so that the charts follow. */
const moments = signal(0);

const element = (): PlayerElement | null => document.querySelector("razz-player");
const info: Polled<CameraInfo> | null = id === null ? null : poll(() => fetchCamera(id), INFO_MS);
const status: Polled<CameraStatus> | null =
  id === null ? null : poll(() => fetchStatus(id), STATUS_MS, (value) => void note(value));

async function note(value: CameraStatus): Promise<void> {
  const report = await element()?.stats();
  let packetsLost: number | null = null;
  report?.forEach((entry: { type: string; packetsLost?: number }) => {
    if (entry.type === "inbound-rtp") packetsLost = entry.packetsLost ?? null;
  });
  history.add(Date.now() / 1000, value, { tracks: activeTracks(player.value), packetsLost });
  moments.value++;
}

function NoCamera({ words }: { words: string }) {
  return (
    <section class="empty">
      <h2>No such camera</h2>
      <p>{words}</p>
      <p>
        <a href="./">All cameras</a>
      </p>
    </section>
  );
}

/** The charts' code comes when the page is there: no picture waits for it. */
function Minutes() {
  const root = useRef<HTMLDivElement>(null);
  const charts = useRef<Charts | null>(null);
  useEffect(() => {
    let gone = false;
    void import("./charts").then(({ Charts: Loaded }) => {
      if (gone || !root.current) return;
      charts.current = new Loaded(root.current);
      charts.current.mount();
      charts.current.show(history);
    });
    return () => {
      gone = true;
      charts.current?.unmount();
    };
  }, []);
  const count = moments.value;
  useEffect(() => {
    if (!document.hidden) charts.current?.show(history);
  }, [count]);
  return (
    <section class="minutes" aria-label="The last minutes">
      <h2 class="spoken">The last minutes</h2>
      <div class="charts" ref={root} />
    </section>
  );
}

function About() {
  const now = status?.value.value;
  if (!now) return null;
  const size = now.size ? `${now.size[0]}×${now.size[1]}` : null;
  const parts = [now.codec, now.profile, size, now.gop_frames === null ? null : `GOP ${now.gop_frames}`, `${now.viewers} watching`];
  return (
    <p class="figures">
      {parts.filter((part) => part !== null).map((part) => (
        <span key={part}>{part}</span>
      ))}
      {now.last_error !== null && now.state !== "online" && <span class="warning">{now.last_error}</span>}
    </p>
  );
}

function CameraPage() {
  const known = info?.value.value ?? null;
  const name = known?.name ?? (id === null ? "Camera" : `Camera ${id}`);
  const missing = id === null || (known === null && info?.refused.value === 404);
  useEffect(() => {
    if (known) document.title = `${known.name} · razz`;
  }, [known]);
  return (
    <>
      <Header title={name} keys={missing ? [] : KEYS} warning={missing ? "" : (info?.trouble.value ?? "")}>
        {known && <StateDot state={info?.trouble.value === "" ? known.state : "unknown"} />}
      </Header>
      <main id="main" class={missing ? "" : "single"}>
        {missing ? (
          <NoCamera words={unknownWords()} />
        ) : (
          <>
            <div class="watch" tabindex={0} role="region" aria-label="Picture and charts">
              <RazzPlayer
                camera={id}
                mode={mode}
                controls
                aria-label={`${name}: player`}
                no-boxes={query.has("no-boxes")}
                no-labels={query.has("no-labels")}
                no-trails={query.has("no-trails")}
                onrazz-frame={(event) => {
                  noteFrame(event.detail, event.currentTarget as PlayerElement);
                }}
                onrazz-state={(event) => {
                  player.value = event.detail;
                }}
              />
              <Figures />
              <About />
              <Minutes />
            </div>
            <aside tabindex={0} aria-label="Tracks">
              <Tracks state={player.value} detectionOff={status?.value.value?.detect_fps_wanted === 0} />
            </aside>
          </>
        )}
      </main>
    </>
  );
}

function Figures() {
  return (
    <p class="figures">
      {figures(player.value, status?.trouble.value === "" ? status.value.value : null).map(([what, value]) => (
        <span key={what}>
          {what} <b>{value}</b>
        </span>
      ))}
    </p>
  );
}

function unknownWords(): string {
  if (wanted === null) return "The address names no camera: it ends with ?camera=1, for example.";
  if (id === null) return `"${wanted}" is no camera: it is a number from 1, or "camera1".`;
  return `This server has no camera ${id}.`;
}

keysFor(element);
const app = document.getElementById("app");
if (app) render(<CameraPage />, app);
