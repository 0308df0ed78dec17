// The pictures: one large, or a grid of the cameras chosen.
import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { RazzPlayer as PlayerElement } from "../../media";
import { gridColumns } from "../grid";
import { RazzPlayer } from "../player";
import { toggled } from "../scope";
import { whatIsAt } from "./coverage";
import { MOST_CAMERAS } from "./moment";
import { beginning, enter, noteEnd, noteFrame, noteGap } from "./players";
import { at, choose, chosen, coverage, live, looks, nameOf, recorded } from "./state";
import { reasonWords } from "./words";

export function Stages() {
  const root = useRef<HTMLUListElement>(null);
  const size = useSignal({ width: 0, height: 0 });
  useEffect(() => {
    const { current } = root;
    if (!current) return undefined;
    const observer = new ResizeObserver(() => (size.value = { width: current.clientWidth, height: current.clientHeight }));
    observer.observe(current);
    return () => {
      observer.disconnect();
    };
  }, []);
  useSignalEffect(() => {
    const { width, height } = size.value;
    if (height > 0) root.current?.style.setProperty("--columns", String(gridColumns(chosen.value.length, width, height, 0)));
  });
  return (
    <ul class="stages" ref={root} aria-label="Cameras">
      {chosen.value.map((id) => (
        <Stage key={id} id={id} />
      ))}
    </ul>
  );
}

/** What the grid showed before one camera was enlarged. */
let before: readonly number[] = [];

function enlarge(id: number): void {
  if (chosen.peek().length > 1) {
    before = chosen.peek();
    choose([id]);
  } else if (before.length > 1) choose(before);
}

function Stage({ id }: { id: number }) {
  const player = useRef<HTMLElement>(null);
  // As it is when the camera comes onto the page; from then on players.ts leads it.
  const begin = useRef(beginning());
  useEffect(() => {
    enter(id, player.current as PlayerElement | null);
    return () => {
      enter(id, null);
    };
  }, [id]);
  return (
    <li class="stage" onDblClick={() => { enlarge(id); }}>
      <RazzPlayer
        ref={player}
        camera={id}
        {...(begin.current === undefined ? {} : { at: begin.current })}
        {...looks.value}
        aria-label={`${nameOf(id)}: player`}
        onrazz-frame={({ detail }) => { noteFrame(id, detail); }}
        onrazz-playback={({ detail }) => { noteEnd(id, detail); }}
        onrazz-gap={({ detail }) => { noteGap(id, detail); }}
      />
      <Hole id={id} />
      {chosen.value.length > 1 && (
        <button type="button" class="name" title="Only this camera" onClick={() => { enlarge(id); }}>
          {nameOf(id)}
        </button>
      )}
    </li>
  );
}

/** In place of a picture that there is none of. */
function Hole({ id }: { id: number }) {
  if (live.value) return null;
  const there = whatIsAt(coverage.value.get(id), at.value);
  if (there.kind === "footage" || !coverage.value.has(id)) return null;
  return (
    <p class="hole">
      <b>Not recorded</b>
      {there.kind === "gap" && <span>{reasonWords(there.gap.reason)}</span>}
    </p>
  );
}

/** Which cameras are shown. */
export function Choice() {
  const all = recorded.value;
  if (all.length < 2) return null;
  const shown = chosen.value;
  return (
    <details class="choice">
      <summary>{shown.length === 1 && shown[0] !== undefined ? nameOf(shown[0]) : `${shown.length} cameras`}</summary>
      <fieldset>
        <legend class="spoken">Cameras shown</legend>
        {all.map(({ id, name }) => {
          const on = shown.includes(id);
          return (
            <label key={id}>
              <input type="checkbox" checked={on} disabled={on ? shown.length === 1 : shown.length >= MOST_CAMERAS} onChange={() => { choose(toggled(shown, id)); }} />
              {name}
            </label>
          );
        })}
      </fieldset>
    </details>
  );
}
