// What is to be exported.
import { useSignal, useSignalEffect } from "@preact/signals";
import { useState } from "preact/hooks";
import { bytes } from "../../amounts";
import { Field } from "../../field";
import { Said, useForm } from "../../form";
import { toggled } from "../../scope";
import { BEYOND, bytesIn, fetchRecordings, videoHref, type CameraRecordings } from "../recordings";
import { chosen, drawer, nameOf, recorded, said } from "../state";
import { Blur } from "./blur";
import { Check, Radio } from "./choices";
import { TRACKS, WHATS } from "./exportwords";
import { begin } from "./jobs";
import { canBlur, isDirect, requestOf, sizeOf, wrongWith, type Filled, type TrackFormat, type What } from "./request";
import { openSpan, span, SpanFields } from "./span";

export function ExportForm() {
  const { busy, said: refused, errors, send } = useForm();
  const [filled, setFilled] = useState<Omit<Filled, "span">>(() => {
    openSpan();
    return { cameras: chosen.peek(), what: "mp4", tracks: "csv", boxes: true, labels: true, blur: "nobody", except: [], name: "" };
  });
  const set = (change: Partial<Filled>): void => { setFilled((before) => ({ ...before, ...change })); };
  const whole: Filled = { ...filled, span: span.value };
  const footage = useFootage(filled.cameras);
  const wrong = wrongWith(whole);
  const recordedBytes = footage?.reduce((sum, camera) => sum + bytesIn(camera, span.value.from, span.value.to), 0) ?? null;
  const size = recordedBytes === null ? null : sizeOf(filled, recordedBytes);
  const [only] = filled.cameras;
  // What is wrong with what has no field of its own.
  const elsewhere = errors.filter(({ key }) => key !== null && !["from", "to", "name"].includes(key)).map(({ message }) => message);

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    if (wrong !== "" || (await send(() => begin(requestOf(whole)))) === undefined) return;
    drawer.value = "exports";
    said.value = "The export is being made; the page can be left meanwhile.";
  }

  return (
    <form class="export" onSubmit={(event) => void submit(event)}>
      <fieldset class="boxes">
        <legend>Cameras</legend>
        {recorded.value.map(({ id, name }) => (
          <Check key={id} on={filled.cameras.includes(id)} turn={() => { set({ cameras: toggled(filled.cameras, id) }); }}>
            {name}
          </Check>
        ))}
      </fieldset>
      <SpanFields errors={errors} />
      <fieldset class="boxes">
        <legend>What</legend>
        {Object.entries(WHATS).map(([value, { words, whom }]) => (
          <Radio key={value} group="what" value={value as What} chosen={filled.what} choose={(what) => { set({ what }); }} words={words} hint={whom(filled.cameras.length > 1)}>
            {value === "rendered" && (
              <div class="options">
                <Check on={filled.boxes} turn={(boxes) => { set({ boxes }); }}>Boxes</Check>
                <Check on={filled.boxes && filled.labels} disabled={!filled.boxes} turn={(labels) => { set({ labels }); }}>Labels</Check>
              </div>
            )}
            {value === "tracks" && (
              <select aria-label="Format of the tracks" value={filled.tracks} onChange={({ currentTarget }) => { set({ tracks: currentTarget.value as TrackFormat }); }}>
                {Object.entries(TRACKS).map(([format, of]) => <option key={format} value={format}>{of}</option>)}
              </select>
            )}
          </Radio>
        ))}
      </fieldset>
      {canBlur(filled.what) && <Blur filled={whole} set={set} />}
      {!isDirect(filled) && (
        <Field name="name" form="export-" words="Name" hint="names the file; by itself it is the cameras and the time" errors={errors}>
          {(more) => <input {...more} value={filled.name} maxLength={100} autocomplete="off" onInput={(event) => { set({ name: event.currentTarget.value }); }} />}
        </Field>
      )}
      <Said words={[refused, ...elsewhere].filter((words) => words !== "").join("; ")} />
      {recordedBytes !== null && wrong === "" && <p class="quiet">{recordedBytes === 0 ? "Nothing is recorded there." : size === null ? "How large it becomes is known when it is made." : `About ${bytes(size)}.`}</p>}
      {wrong !== "" && <p class="quiet">{wrong}</p>}
      <p class="buttons">
        {isDirect(filled) && wrong === "" && only !== undefined
          ? <a class="download" href={videoHref(only, span.value.from, span.value.to + BEYOND)} download aria-label={`Download ${nameOf(only)}`}>Download</a>
          : <button class="strong" disabled={busy || wrong !== ""}>Export</button>}
        <button type="button" class="quiet" onClick={() => (drawer.value = null)}>Close</button>
      </p>
    </form>
  );
}

/** What is recorded of the cameras in the span and around it; null until it is known. */
function useFootage(cameras: readonly number[]): readonly CameraRecordings[] | null {
  const known = useSignal<readonly CameraRecordings[] | null>(null);
  const wanted = useSignal("");
  wanted.value = cameras.join();
  useSignalEffect(() => {
    const { from, to } = span.value;
    const ids = wanted.value.split(",").filter((id) => id !== "").map(Number);
    known.value = null;
    let gone = false;
    if (ids.length > 0) void fetchRecordings(ids, from, to + BEYOND, 1).then((answer) => {
      if (!gone && answer.ok) known.value = answer.value.cameras;
    });
    return () => {
      gone = true;
    };
  });
  return known.value;
}
