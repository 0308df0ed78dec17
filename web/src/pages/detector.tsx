// The detector's model and thresholds, with what they find on a camera's newest picture.
import { signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Area } from "../media/geometry";
import { placeLabel } from "../media/label";
import type { CameraInfo, Candidate, DetectorEdit, DetectorInfo, DetectorPreview } from "../wire";
import { type Answer, changeDetector, fetchDetector, previewDetector } from "./api";
import { Field, type FieldControl } from "./field";
import { namesOf } from "./fieldwords";
import { Said, useForm, useOpened } from "./form";
import { type Sorted, sorted, unknownTo } from "./thresholds";

/** How the detector is set; null until the server has answered. */
export const detector = signal<DetectorInfo | null>(null);
/** The button that opens the form. */
const EDIT = "edit-detector";

/** How the detector is set, and the form that changes it. */
export function Detector({ cameras }: { cameras: CameraInfo[] }) {
  const [open, setOpen] = useState(false);
  useEffect(() => {
    void fetchDetector().then((answer) => {
      if (answer.ok) detector.value = answer.value;
    });
  }, []);
  const info = detector.value;
  if (info === null) return null;
  const close = (now: DetectorInfo): void => {
    detector.value = now;
    setOpen(false);
  };
  return (
    <>
      <h2>Detector</h2>
      {open ? <Form info={info} cameras={cameras} close={close} /> : (
        <div class="list">
          <div class="entry">
            <span>
              {info.model}
              <small>{`confidence ${info.confidence}, overlap ${info.iou}, ${info.classes.length === 0 ? "all classes" : info.classes.join(", ")}`}</small>
            </span>
            <button type="button" class="quiet" id={EDIT} aria-label="Edit the detector" onClick={() => { setOpen(true); }}>
              Edit
            </button>
          </div>
        </div>
      )}
    </>
  );
}

function Form({ info, cameras, close }: { info: DetectorInfo; cameras: CameraInfo[]; close: (now: DetectorInfo) => void }) {
  const { busy, said, errors, setErrors, send } = useForm();
  const { form, onKeyDown } = useOpened(EDIT, EDIT, () => { close(info); });
  const [model, setModel] = useState(info.model);
  const [confidence, setConfidence] = useState(info.confidence);
  const [iou, setIou] = useState(info.iou);
  const [classes, setClasses] = useState(info.classes.join(", "));
  const [camera, setCamera] = useState((cameras.find(({ state }) => state === "online") ?? cameras[0])?.id ?? 0);
  const { preview, looking, again } = usePreview(camera, model);

  async function save(event: Event): Promise<void> {
    event.preventDefault();
    const edit: DetectorEdit = {};
    if (model !== info.model) edit.model = model;
    if (confidence !== info.confidence) edit.confidence = confidence;
    if (iou !== info.iou) edit.iou = iou;
    const names = namesOf(classes);
    // Before it is known what the model knows, the server says it.
    const known = preview?.ok && !looking ? preview.value.classes : names;
    const strange = unknownTo(known, names, info.classes);
    if (strange.length > 0) {
      setErrors([{ key: "classes", message: `The model knows no ${strange.join(", ")}; it knows ${listed(known)}.` }]);
      return;
    }
    if (names.join() !== info.classes.join()) edit.classes = names;
    const now = await send(() => changeDetector(edit));
    if (now) close(now);
  }

  const found = preview?.ok ? sorted(preview.value, { confidence, iou, classes: namesOf(classes) }) : null;
  return (
    <form class="form wide" ref={form} onKeyDown={onKeyDown} onSubmit={(event) => void save(event)} aria-label="Detector">
      <div class="trial">
        <div>
          <Field name="model" words="Model" hint="those in razz's folder of models" errors={errors}>
            {(more) => <Choice more={more} value={model} options={info.models.map((name) => [name, name])} choose={setModel} />}
          </Field>
          <Field name="confidence" words="Confidence" hint="higher: fewer false boxes, more objects missed" errors={errors}>
            {(more) => <Slider more={more} value={confidence} set={setConfidence} />}
          </Field>
          <Field name="iou" words="Overlap" errors={errors}
            hint={preview?.ok && !preview.value.overlaps ? "this model leaves no doubles, so nothing changes" : "higher: more neighbours kept, more doubles as well"}>
            {(more) => <Slider more={more} value={iou} set={setIou} />}
          </Field>
          <Field name="classes" words="Classes" hint="the model's names with commas between them; none for all" errors={errors}>
            {(more) => <input {...more} value={classes} onInput={(event) => { setClasses(event.currentTarget.value); }} spellcheck={false} autocomplete="off" />}
          </Field>
        </div>
        <div class="effect">
          <div class="pair">
            <Field name="trial" words="Tried out on" errors={[]}>
              {(more) => <Choice more={more} value={String(camera)} options={cameras.map(({ id, name }) => [String(id), name])} choose={(id) => { setCamera(Number(id)); }} />}
            </Field>
            <button type="button" class="quiet" disabled={looking || camera === 0} onClick={again}>
              {looking ? "Looking…" : "Look again"}
            </button>
          </div>
          {preview?.ok && found && <Effect preview={preview.value} found={found} />}
          {preview?.ok === false && <Said words={preview.words} />}
          {looking && <progress aria-label="The model looks at the picture" />}
          {camera === 0 && <p class="quiet">There is no camera to try it out on.</p>}
        </div>
      </div>
      <Said words={said} />
      <p class="quiet">
        {info.editable
          ? "Cameras go on as they are until this is saved. Then the model is loaded anew, and they are without boxes for that long."
          : "This server runs without a config file: thresholds can be tried out, and nothing is saved."}
      </p>
      <p class="buttons">
        <button class="strong" disabled={busy || !info.editable}>
          {busy ? "Saving…" : "Save"}
        </button>
        <button type="button" class="quiet" onClick={() => { close(info); }}>
          Cancel
        </button>
      </p>
    </form>
  );
}

/** So many names are told of a model's. */
const MOST_NAMES = 20;
const listed = (names: readonly string[]): string => names.slice(0, MOST_NAMES).join(", ") + (names.length > MOST_NAMES ? ", …" : "");

/** What a model sees on a camera's newest picture: asked for when either changes, one at a time. */
function usePreview(camera: number, model: string) {
  const [preview, setPreview] = useState<Answer<DetectorPreview> | null>(null);
  const [looking, setLooking] = useState(false);
  const [round, setRound] = useState(0);
  useEffect(() => {
    if (camera === 0) return;
    const turn = { wanted: true };
    setLooking(true);
    before = before
      .then(() => (turn.wanted ? previewDetector(camera, model) : null))
      .then((answer) => {
        if (answer === null || !turn.wanted) return;
        setPreview(answer);
        setLooking(false);
      });
    return () => { turn.wanted = false; };
  }, [camera, model, round]);
  return { preview, looking, again: () => { setRound(round + 1); } };
}

/** The look that is on its way. */
let before: Promise<void> = Promise.resolve();

function Effect({ preview, found }: { preview: DetectorPreview; found: Sorted }) {
  const count = (number: number, word: string): string => `${number} ${word}`;
  const figure = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    const shown = figure.current;
    if (!shown) return;
    const observer = new ResizeObserver(() => { placeLabels(shown); });
    observer.observe(shown);
    return () => { observer.disconnect(); };
  }, []);
  useLayoutEffect(() => {
    if (figure.current) placeLabels(figure.current);
  });
  return (
    <>
      <figure class="looked" ref={figure}>
        <img src={preview.picture} width={preview.size[0]} height={preview.size[1]} alt="What the camera sees" />
        <div aria-hidden="true">
          {found.low.map((box, at) => <Box key={`low${at}`} box={box} size={preview.size} kind="low" />)}
          {found.kept.map((box, at) => <Box key={at} box={box} size={preview.size} kind="kept" />)}
        </div>
      </figure>
      <output class="effects">
        <b>{count(found.kept.length, found.kept.length === 1 ? "box is kept" : "boxes are kept")}</b>
        {`: ${count(found.low.length, "score too low")} (dashed), ${count(found.doubles, "are doubles")}${found.others > 0 ? `, ${count(found.others, "of other classes")}` : ""}.`}
      </output>
      <p class="quiet">
        <small>{`${preview.model} by ${preview.engine}. What scores less than ${preview.least.toFixed(2)} is not shown.`}</small>
      </p>
    </>
  );
}

/** Puts the labels where they cover neither each other nor the picture's edge, best boxes first; one without room is left out. */
function placeLabels(figure: HTMLElement): void {
  const picture: Area = { x: 0, y: 0, width: figure.clientWidth, height: figure.clientHeight };
  const labels = [...figure.querySelectorAll<HTMLElement>("small")];
  // All is measured before anything is moved, so that the page is laid out once.
  const sizes = labels.map((label) => {
    const { offsetLeft: x, offsetTop: y, offsetWidth: width, offsetHeight: height } = label.parentElement ?? label;
    return { box: [x, y, x + width, y + height] as const, width: label.offsetWidth, height: label.offsetHeight };
  });
  const taken: Area[] = [];
  sizes.forEach(({ box, width, height }, at) => {
    const place = placeLabel(box, width, height, picture, taken);
    if (place) taken.push(place);
    const left = place ? place.x - box[0] : 0;
    const top = place ? place.y - box[1] : 0;
    Object.assign(labels[at]?.style ?? {}, { left: `${left}px`, top: `${top}px`, visibility: place ? "" : "hidden" });
  });
}

function Box({ box, size, kind }: { box: Candidate; size: DetectorPreview["size"]; kind: "kept" | "low" }) {
  const [left, top, right, bottom] = box.bbox;
  const percent = (pixels: number, axis: 0 | 1): string => `${((100 * pixels) / size[axis]).toFixed(2)}%`;
  const style = { left: percent(left, 0), top: percent(top, 1), width: percent(right - left, 0), height: percent(bottom - top, 1) };
  return (
    <span class={kind} style={style}>
      {kind === "kept" && <small>{`${box.class} ${box.confidence.toFixed(2)}`}</small>}
    </span>
  );
}

function Slider({ more, value, set }: { more: FieldControl; value: number; set: (value: number) => void }) {
  return (
    <span class="slider">
      <input {...more} type="range" min="0" max="1" step="0.01" value={value} onInput={(event) => { set(event.currentTarget.valueAsNumber); }} />
      <span aria-hidden="true">{value.toFixed(2)}</span>
    </span>
  );
}

function Choice({ more, value, options, choose }: { more: FieldControl; value: string; options: [string, string][]; choose: (value: string) => void }) {
  return (
    <select {...more} value={value} onChange={(event) => { choose(event.currentTarget.value); }}>
      {options.map(([key, words]) => (
        <option key={key} value={key}>
          {words}
        </option>
      ))}
    </select>
  );
}
