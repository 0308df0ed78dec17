// Where in a camera's picture somebody was, and for how long.
import { computed, signal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Heat } from "../../wire";
import { fetchHeat, type Span } from "../facts/api";
import { whole } from "../facts/numbers";
import { pictureHref } from "../playback/recordings";
import { stayWords } from "./buckets";
import { Nothing, Panel, type Table } from "./panel";
import { HEAT_SCALE, heatColour, heatShare } from "./scale";
import { cameras, nameOf, told, wanted } from "./state";

/** It is made of tracks, not of counts, and takes the server longer. */
const EVERY_MS = 60_000;
const PICTURE_PX = 640;

const chosen = signal<number | null>(null);
const heat = signal<Heat | null>(null);
/** Seconds of the cell that has the most. */
const most = computed(() => Math.max(0, ...(heat.value?.seconds ?? [])));
const words = signal("");
let askedFor = "";
let askedMs = 0;

/** The camera that is looked at, or of all the one that was chosen here, or the first. */
function camera(): number | null {
  return wanted.value.camera ?? chosen.value ?? told.value?.facts.areas[0]?.camera_id ?? cameras.value[0]?.id ?? null;
}

async function ask(id: number, span: Span, range: string): Promise<void> {
  const key = JSON.stringify([id, range, wanted.peek().custom]);
  if (key === askedFor && performance.now() - askedMs < EVERY_MS) return;
  if (key !== askedFor) [heat.value, words.value] = [null, ""];
  [askedFor, askedMs] = [key, performance.now()];
  const answer = await fetchHeat(id, span, null);
  if (key !== askedFor) return;
  heat.value = answer.ok ? answer.value : null;
  words.value = answer.ok ? "" : answer.status === 409 ? "Nothing of this camera is recorded in this time, and so nobody knows where anybody was." : answer.status === 404 ? "This server makes no heat maps." : answer.words;
}

export function HeatPanel() {
  const id = camera();
  useSignalEffect(() => {
    const [now, of] = [told.value, camera()];
    if (now && of !== null) void ask(of, now.period, now.period.range);
  });
  const table = () => tableOf(heat.value);
  return (
    <Panel name="heat" title="Where they were" table={most.value > 0 ? table : null} more={wanted.value.camera === null && cameras.value.length > 1 && id !== null ? (
      <select aria-label="Camera" value={String(id)} onChange={(event) => { chosen.value = Number(event.currentTarget.value); }}>
        {cameras.value.map((one) => <option key={one.id} value={String(one.id)}>{one.name}</option>)}
      </select>
    ) : <span class="legend">{id === null ? "" : nameOf(id)}</span>}>
      {words.value !== "" ? <Nothing words={words.value} /> : id !== null && <OnPicture id={id} />}
    </Panel>
  );
}

function OnPicture({ id }: { id: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [source, setSource] = useState(0);
  useEffect(() => { setSource(0); }, [id]);
  const to = told.value?.period.to ?? 0;
  const sources = [`api/cameras/${id}/snapshot.jpg`, pictureHref(id, to - 10, PICTURE_PX)];
  const src = sources[source];
  useSignalEffect(() => {
    const map = heat.value;
    if (canvas.current && map) paint(canvas.current, map, most.value);
  });
  return (
    <>
      <div class="onpicture">
        {src !== undefined && <img key={src} src={src} alt={`What ${nameOf(id)} sees`} onError={() => { setSource(source + 1); }} onLoad={({ currentTarget: { naturalWidth, naturalHeight, parentElement } }) => { if (parentElement) parentElement.style.aspectRatio = `${naturalWidth} / ${naturalHeight}`; }} />}
        <canvas ref={canvas} aria-hidden="true" />
        {heat.value === null && <span class="waits">…</span>}
      </div>
      {most.value > 0 ? (
        <div class="heatscale">
          <i aria-hidden="true" style={{ background: HEAT_SCALE }} />
          {[0, 0.25, 0.5, 1].map((part) => (
            <span key={part} style={{ left: `${part * 100}%` }}>{part === 0 ? "0" : stayWords(most.value * part * part)}</span>
          ))}
        </div>
      ) : heat.value && <Nothing words="Nobody was seen in this time." />}
    </>
  );
}

/** A cell is a pixel; the browser makes the steps between them soft. */
function paint(canvas: HTMLCanvasElement, { columns, rows, seconds }: Heat, highest: number): void {
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext("2d");
  if (!context) return;
  const image = context.createImageData(columns, rows);
  for (const [index, value] of seconds.entries()) image.data.set(heatColour(heatShare(value, highest)), index * 4);
  context.putImageData(image, 0, 0);
}

/** The ninths of the picture, since nobody reads a thousand cells. */
function tableOf(map: Heat | null): Table {
  const across = ["left", "middle", "right"];
  const sums = [0, 1, 2].map(() => across.map(() => 0));
  for (const [index, value] of (map?.seconds ?? []).entries()) {
    if (!map) break;
    const row = sums[Math.min(2, Math.floor((Math.floor(index / map.columns) * 3) / map.rows))];
    const column = Math.min(2, Math.floor(((index % map.columns) * 3) / map.columns));
    if (row) row[column] = (row[column] ?? 0) + value;
  }
  return { head: ["Part of the picture", ...across.map((name) => `${name}, s`)], rows: ["top", "middle", "bottom"].map((name, index) => ({ cells: [name, ...(sums[index] ?? []).map((value) => whole(value))] })) };
}
