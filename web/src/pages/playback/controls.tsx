// The buttons between picture and timeline.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { run, seek, setRate } from "./actions";
import { Icon, type Sign } from "./icons";
import { Looks } from "./looks";
import { Marks } from "./marks";
import { fieldValue, ofField } from "./moment";
import { RATES, rateWords, type Command } from "./playbackkeys";
import { Choice } from "./stages";
import { at, live, paused, present, rate, visits } from "./state";
import { clock, day } from "./ticks";

export function Button({ sign, words, command, strong = false, small }: { sign: Sign; words: string; command: Command; strong?: boolean; small?: string }) {
  return (
    <button type="button" class={strong ? "round strong" : "round"} title={words} aria-label={words} onClick={() => { run(command); }}>
      <Icon sign={sign} />
      {small !== undefined && <small>{small}</small>}
    </button>
  );
}

export function Controls() {
  return (
    <div class="controls" role="toolbar" aria-label="Playback">
      <div class="where">
        <When />
        <Choice />
      </div>
      <Transport />
      <div class="more">
        <Marks />
        <Looks />
        <Speed />
        <Zoom />
        <button type="button" class="live" aria-pressed={live.value} title="Live (End)" onClick={() => { run({ do: "live" }); }}>
          Live
        </button>
      </div>
    </div>
  );
}

/** Play, pause and steps. */
export function Transport() {
  const playing = !paused.value;
  return (
    <div class="transport">
      {visits.value !== null && <Button sign="before" words="The visit before ([)" command={{ do: "visit", direction: -1 }} />}
      <Button sign="earlier" words="10 seconds back (left)" command={{ do: "skip", seconds: -10 }} small="10" />
      <Button sign="back" words="One frame back (,)" command={{ do: "frames", count: -1 }} />
      <Button sign={playing ? "pause" : "play"} words={playing ? "Pause (space)" : "Play (space)"} command={{ do: "toggle" }} strong />
      <Button sign="on" words="One frame on (.)" command={{ do: "frames", count: 1 }} />
      <Button sign="later" words="10 seconds on (right)" command={{ do: "skip", seconds: 10 }} small="10" />
      {visits.value !== null && <Button sign="next" words="The next visit (])" command={{ do: "visit", direction: 1 }} />}
    </div>
  );
}

export function Speed() {
  return (
    <select class="speed" aria-label="Speed" title="Speed (J, L)" value={rate.value} onChange={({ currentTarget }) => {
      setRate(Number(currentTarget.value));
      // Live knows one speed only.
      currentTarget.value = String(rate.peek());
    }}>
      {RATES.map((one) => (
        <option key={one} value={one}>
          {rateWords(one)}
        </option>
      ))}
    </select>
  );
}

/** How much time the timeline shows. */
export function Zoom() {
  return (
    <span class="zoom">
      <Button sign="minus" words="Show more time (−)" command={{ do: "zoom", factor: 1.8 }} />
      <Button sign="plus" words="Show less time (+)" command={{ do: "zoom", factor: 1 / 1.8 }} />
    </span>
  );
}

/** The moment on the screen; who clicks it goes to another. */
export function When({ utc = false }: { utc?: boolean }) {
  const open = useSignal(false);
  return (
    <div class="when">
      <button type="button" data-jump title="Go to a date and time (T)" aria-expanded={open.value} onClick={() => (open.value = !open.value)}>
        <Icon sign="calendar" />
        <Clock utc={utc} />
      </button>
      {open.value && <Jump close={(went) => { open.value = false; document.querySelector<HTMLElement>(went ? ".scale" : "[data-jump]")?.focus(); }} />}
    </div>
  );
}

function Clock({ utc }: { utc: boolean }) {
  return (
    <span>
      <b>{clock(at.value)}</b>
      <small>{day(at.value)}</small>
      {utc && <small>{clock(at.value, { zone: "UTC" })} UTC</small>}
    </span>
  );
}

/** `close` hears whether the viewer went somewhere: then the timeline is where they go on, and space plays. */
function Jump({ close }: { close: (went: boolean) => void }) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    field.current?.focus();
  }, []);
  const go = (event: Event): void => {
    event.preventDefault();
    const t = ofField(field.current?.value ?? "");
    if (t !== null) seek(t);
    close(t !== null);
  };
  return (
    <form class="jump" onSubmit={go} onKeyDown={(event) => { if (event.key === "Escape") close(false); }}>
      <label>
        Go to
        <input ref={field} type="datetime-local" step="1" required max={fieldValue(present())} defaultValue={fieldValue(at.peek())} />
      </label>
      <button class="strong">Go</button>
    </form>
  );
}
