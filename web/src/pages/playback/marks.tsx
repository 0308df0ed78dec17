// The marked span, and its download.
import { useSignal, useSignalEffect } from "@preact/signals";
import { bytes } from "../amounts";
import { run } from "./actions";
import { Icon } from "./icons";
import { BEYOND, bytesIn, fetchRecordings, videoHref } from "./recordings";
import { chosen, exporting, marked, marks, nameOf } from "./state";
import { lengthWords } from "./words";

export function Marks() {
  /** Bytes of each camera between the marks. */
  const sizes = useSignal<ReadonlyMap<number, number> | null>(null);
  useSignalEffect(() => {
    const span = marked.value;
    const cameras = chosen.value;
    sizes.value = null;
    if (!span) return undefined;
    let gone = false;
    void fetchRecordings(cameras, span.from, span.to + BEYOND, 1).then((answer) => {
      if (!gone && answer.ok) sizes.value = new Map(answer.value.cameras.map((camera) => [camera.camera_id, bytesIn(camera, span.from, span.to)]));
    });
    return () => {
      gone = true;
    };
  });
  const span = marked.value;
  const { in: from, out: to } = marks.value;
  // Of a camera that has nothing there, there is nothing to have.
  const cameras = chosen.value.filter((id) => sizes.value?.get(id) !== 0);
  return (
    <div class="marks">
      <button type="button" class="round" title="Mark the beginning (I)" aria-label="Mark the beginning (I)" aria-pressed={from !== null} onClick={() => { run({ do: "mark", end: "in" }); }}>
        <Icon sign="begin" />
      </button>
      <button type="button" class="round" title="Mark the end (O)" aria-label="Mark the end (O)" aria-pressed={to !== null} onClick={() => { run({ do: "mark", end: "out" }); }}>
        <Icon sign="end" />
      </button>
      <button type="button" class="round" title="Export (E)" aria-label="Export (E)" aria-haspopup="dialog" onClick={() => { run({ do: "export" }); }}>
        <Icon sign="share" />
        {exporting.value !== null && <small>{Math.floor(exporting.value * 100)} %</small>}
      </button>
      {span && (
        <button type="button" class="round lock" title="Lock what is marked (B)" aria-label="Lock what is marked (B)" aria-haspopup="dialog" onClick={() => { run({ do: "lock" }); }}>
          <Icon sign="lock" />
        </button>
      )}
      {span && cameras.length === 0 && <small>nothing there</small>}
      {span && cameras.length > 0 && <Download cameras={cameras} from={span.from} to={span.to + BEYOND} sizes={sizes.value} />}
      {(from !== null || to !== null) && (
        <button type="button" class="round" title="Clear the marks (X)" aria-label="Clear the marks (X)" onClick={() => { run({ do: "clear" }); }}>
          <Icon sign="clear" />
        </button>
      )}
    </div>
  );
}

/** One file of each camera: a link where there is one, else a button for all of them. */
function Download({ cameras, from, to, sizes }: { cameras: readonly number[]; from: number; to: number; sizes: ReadonlyMap<number, number> | null }) {
  const size = sizes && cameras.reduce((sum, id) => sum + (sizes.get(id) ?? 0), 0);
  const [only] = cameras;
  const words = [cameras.length > 1 ? `${cameras.length} files` : lengthWords(to - from), size === null ? "" : bytes(size)].filter(Boolean).join(", ");
  const title = `Download ${cameras.map(nameOf).join(", ")}: ${lengthWords(to - from)} (D)`;
  const face = (
    <>
      <Icon sign="down" />
      <span class="spoken">Download </span>
      {words}
    </>
  );
  if (cameras.length === 1 && only !== undefined) {
    return <a class="download" data-download href={videoHref(only, from, to)} download title={title}>{face}</a>;
  }
  return (
    <>
      {cameras.map((id) => <a key={id} hidden data-download href={videoHref(id, from, to)} download />)}
      <button type="button" class="download" title={title} onClick={() => { run({ do: "download" }); }}>
        {face}
      </button>
    </>
  );
}
