// Saving the video.
import { useSignal } from "@preact/signals";
import { saved } from "../../media/exported/save";
import { nameOf, recorded, said } from "../playback/state";
import { manifest, sources } from "./load";

/** A file is let go of so long after it was handed to the browser. */
const SAVED_MS = 60_000;

/** The video of each camera as a file that any player plays. */
export function Save() {
  const all = recorded.value;
  const [only] = all;
  if (!only) return null;
  if (all.length === 1) return <SaveOne id={only.id} words="Save video" />;
  return (
    <details class="choice save">
      <summary>Save video</summary>
      <fieldset>
        <legend class="spoken">Save the video of</legend>
        {all.map(({ id, name }) => <SaveOne key={id} id={id} words={name} />)}
      </fieldset>
    </details>
  );
}

function SaveOne({ id, words }: { id: number; words: string }) {
  const part = useSignal<number | null>(null);
  async function save(): Promise<void> {
    const source = sources.get(id);
    if (!source || part.peek() !== null) return;
    part.value = 0;
    try {
      const { file, isCut } = await saved(source, (done) => (part.value = done));
      const name = `${manifest.peek()?.name ?? "export"} ${nameOf(id)}`.replaceAll(/[\\/:*?"<>|]+/g, "-");
      const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(file), download: `${name}.mp4` });
      link.click();
      setTimeout(() => { URL.revokeObjectURL(link.href); }, SAVED_MS);
      said.value = isCut ? `${nameOf(id)}: the camera was set otherwise meanwhile; the file ends there.` : `${nameOf(id)}: the video is saved.`;
    } catch {
      said.value = `${nameOf(id)}: the video could not be saved; a file of the export is missing.`;
    }
    part.value = null;
  }
  return (
    <button type="button" class="quiet" aria-label={`Save the video of ${nameOf(id)}`} disabled={part.value !== null} onClick={() => void save()}>
      {part.value === null ? words : `${words}: ${Math.floor(part.value * 100)} %`}
    </button>
  );
}
