// How the server and all cameras are doing, live.
import { signal } from "@preact/signals";
import { render, type ComponentChildren } from "preact";
import type { CameraInfo, CameraStatus, Stats } from "../wire";
import { fetchCameras, fetchStats, fetchTracks, viewerHref } from "./api";
import { bytes, share, uptime } from "./amounts";
import { idleWords, latencyOf } from "./figures";
import { poll } from "./poll";
import { Header } from "./shell";
import { StateDot } from "./state";

const STATS_MS = 2_000;
const LIST_MS = 10_000;

const cameras = poll(fetchCameras, LIST_MS);
/** Tracks now, by camera. */
const tracks = signal<ReadonlyMap<string, number>>(new Map());
/** When the last figures came. */
const asOf = signal<Date | null>(null);
const stats = poll(fetchStats, STATS_MS, (value) => {
  asOf.value = new Date();
  void countTracks(value);
});

async function countTracks({ cameras: all }: Stats): Promise<void> {
  const online = Object.keys(all).filter((id) => all[id]?.state === "online");
  const answers = await Promise.all(online.map(async (id) => [id, await fetchTracks(Number(id))] as const));
  tracks.value = new Map(answers.flatMap(([id, answer]) => (answer.ok ? [[id, answer.value.tracks.length] as const] : [])));
}

function Card({ name, value, more }: { name: string; value: string; more?: string }) {
  return (
    <div class="card">
      <dt>{name}</dt>
      <dd>
        {value}
        {more !== undefined && <small>{more}</small>}
      </dd>
    </div>
  );
}

function Cards({ now }: { now: Stats }) {
  const all = Object.values(now.cameras);
  const sum = (of: (status: CameraStatus) => number): number => all.reduce((total, status) => total + of(status), 0);
  const [got, wanted] = [sum((status) => status.detect_fps_got), sum((status) => status.detect_fps_wanted)];
  const model = { off: "off", loading: "loading…", ready: "ready", failed: "failed" }[now.model_state];
  return (
    <dl class="cards">
      <Card name="Cameras online" value={`${all.filter(({ state }) => state === "online").length} of ${all.length}`} />
      <Card name="Watching" value={String(now.viewers)} more={now.viewers === 1 ? "viewer" : "viewers"} />
      <Card name="Tracks now" value={String([...tracks.value.values()].reduce((total, count) => total + count, 0))} />
      <Card name="Detections a second" value={got.toFixed(1)} more={`of ${wanted.toFixed(1)} wanted`} />
      {now.cameras_that_fit !== undefined && <Card name="Room for" value={String(Math.floor(now.cameras_that_fit))} more="cameras like these" />}
      <Card name="Engine" value={now.engine ?? "–"} more={`model ${now.model}: ${model}`} />
      <Card name="CPU" value={`${now.cpu_percent.toFixed(0)} %`} more="of one core" />
      <Card name="Memory" value={bytes(now.memory_bytes)} />
      <Card name="razz" value={now.version} more={`up ${uptime(now.uptime_s)}`} />
    </dl>
  );
}

/** How much of what is wanted of the detector a camera gets. */
function Capacity({ status: { detect_fps_got: got, detect_fps_wanted: wanted } }: { status: CameraStatus }) {
  if (wanted === 0) return <span class="quiet">off</span>;
  const part = share(got, wanted);
  const words = `${got.toFixed(1)} of ${wanted.toFixed(1)} /s`;
  return (
    <span class="capacity">
      <meter min={0} max={1} low={0.5} high={0.85} optimum={1} value={part} aria-label={`${words} detected`} />
      {words}
    </span>
  );
}

function Row({ camera, status }: { camera: CameraInfo; status: CameraStatus | undefined }) {
  if (!status) return null;
  const { size, codec, profile, fps, last_error: error } = status;
  const latency = latencyOf(status);
  const old = stats.trouble.value !== "";
  const notes = [...(status.state !== "online" && error !== null ? [error] : []), ...status.advice];
  const cells: Record<Column, ComponentChildren> = {
    State: <StateDot state={old ? "unknown" : status.state} />,
    Video: (
      <span title={profile ?? ""}>{[codec, size ? `${size[0]}×${size[1]}` : null].filter(Boolean).join(" ") || "–"}</span>
    ),
    Detected: <Capacity status={status} />,
    "fps in": fps.received.toFixed(1),
    "fps decoded": <span title={idleWords(status)}>{fps.decoded.toFixed(1)}</span>,
    "Latency p50 / p95": latency ? `${latency.p50.toFixed(0)} / ${latency.p95.toFixed(0)} ms` : "–",
    Tracks: tracks.value.get(String(camera.id)) ?? "–",
    Viewers: status.viewers,
    "kbit/s": status.bitrate_kbps,
    "Packets lost": status.lost_packets,
    Reconnects: status.reconnects,
  };
  const row = (
    <tr class={notes.length > 0 ? "noted" : ""}>
      <th scope="row">
        <a href={viewerHref(camera.id)}>{camera.name}</a>
      </th>
      {COLUMNS.map((name) => (
        <td key={name} data-name={name} class={isNumber(name) ? "number" : ""}>
          {cells[name]}
        </td>
      ))}
    </tr>
  );
  if (notes.length === 0) return row;
  return (
    <>
      {row}
      <tr class="note">
        <td colSpan={COLUMNS.length + 1}>
          {notes.map((words) => (
            <small key={words}>{words}</small>
          ))}
        </td>
      </tr>
    </>
  );
}

/** Beside the camera's name. From the fourth on, numbers. */
const COLUMNS = [
  "State", "Video", "Detected", "fps in", "fps decoded", "Latency p50 / p95", "Tracks", "Viewers", "kbit/s", "Packets lost", "Reconnects",
] as const;
type Column = (typeof COLUMNS)[number];
const isNumber = (name: Column): boolean => COLUMNS.indexOf(name) >= 3;

function Dashboard() {
  const now = stats.value.value;
  const list = cameras.value.value ?? [];
  return (
    <>
      <Header warning={stats.trouble.value}>
        <h1 class="spoken">Dashboard</h1>
      </Header>
      <main id="main" class="page wide">
        {now && (
          <>
            {stats.trouble.value !== "" && asOf.value && <p class="notice">Old figures: those of {asOf.value.toLocaleTimeString()}.</p>}
            {now.model_error !== null && (
              <p class="notice" role="alert">
                No detection: {now.model_error}
              </p>
            )}
            <Cards now={now} />
            <div class="scroll cameras" tabindex={0} role="region" aria-label="Cameras">
              <table>
                <thead>
                  <tr>
                    <th scope="col">Camera</th>
                    {COLUMNS.map((name) => (
                      <th scope="col" key={name} class={isNumber(name) ? "number" : ""}>
                        {name}
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {list.map((camera) => (
                    <Row key={camera.id} camera={camera} status={now.cameras[String(camera.id)]} />
                  ))}
                </tbody>
              </table>
            </div>
          </>
        )}
      </main>
    </>
  );
}

const app = document.getElementById("app");
if (app) render(<Dashboard />, app);
