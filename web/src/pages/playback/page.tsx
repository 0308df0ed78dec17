// Recordings: pictures above, and beneath them one timeline of all that is kept.
import { effect } from "@preact/signals";
import { render } from "preact";
import { bytes } from "../amounts";
import { Header } from "../shell";
import { follow } from "./actions";
import { Controls } from "./controls";
import { Dock } from "./dock";
import { listen } from "./listeners";
import { load } from "./loader";
import { formatAddress } from "./moment";
import { KEYS } from "./playbackkeys";
import { keepInStep } from "./players";
import { keepLooked } from "./seen";
import { resume, Side } from "./side";
import { Stages } from "./stages";
import { answered, at, cameras, chosen, coverage, drawer, frame, live, nameOf, paused, present, recorded, room, scrubbing, trouble, view, visits } from "./state";
import "./playback.css";
import { atPresent, showsPresent, spanOf } from "./timescale";
import { Visits } from "./visits";
import { troubleWords } from "./words";

/** The address follows this seldom while a recording plays: browsers refuse more. */
const ADDRESS_MS = 1_000;

/** In place of recordings: what to set, for the server or (`off`) for its cameras. */
function Nothing({ off }: { off: boolean }) {
  return (
    <section class="empty">
      <h2>Nothing is recorded</h2>
      {off ? (
        <p>
          Recording is off for every camera. Take <code>record = "off"</code> out of its <code>[[camera]]</code> in <code>razz.toml</code>.
        </p>
      ) : (
        <>
          <p>
            This server keeps no recordings. To keep them, name a folder on a disk with room in <code>razz.toml</code> and start razz again:
          </p>
          <pre tabindex={0}>{`[record]\npath = "/var/lib/razz/recordings"`}</pre>
        </>
      )}
      <p>
        <a href="./">Live</a>
      </p>
    </section>
  );
}

/** Cameras that should be recorded and are not, or what the server answered in place of recordings. */
function warning(): string {
  const stopped = [...coverage.value].map(([id, footage]) => troubleWords(nameOf(id), footage)).filter((words) => words !== "");
  return trouble.value !== "" ? trouble.value : stopped.join(" ");
}

function Room() {
  const there = room.value;
  if (!there) return null;
  const days = there.days === null ? "" : there.days < 1.5 ? `room for ${Math.round(there.days * 24)} hours` : `room for about ${Math.round(there.days)} days`;
  return (
    <span class="count room" title={`${bytes(there.used)} kept, ${bytes(there.free)} free`}>
      {[`${bytes(there.used)} kept`, days].filter(Boolean).join(", ")}
    </span>
  );
}

function Playback() {
  const off = answered.value === "yes" && cameras.value.length > 0 && recorded.value.length === 0;
  const shown = answered.value === "yes" && !off;
  return (
    <>
      <Header warning={warning()} keys={shown ? KEYS : []}>
        <h1 class="spoken">Recordings</h1>
        <Room />
      </Header>
      <main id="main" class={shown ? "playback" : ""}>
        {(off || answered.value === "none") && <Nothing off={off} />}
        {shown && (
          <>
            <Stages />
            {drawer.value === null ? visits.value !== null && <Visits /> : <Side />}
            <Dock>
              <Controls />
            </Dock>
          </>
        )}
      </main>
    </>
  );
}

/** The address is the moment: whoever copies it sends what is on the screen. */
function keepAddress(): void {
  let writtenMs = -Infinity;
  let timer: ReturnType<typeof setTimeout> | undefined;
  effect(() => {
    const moment = live.value ? null : { unix: at.value, mediaTime: paused.value ? frame.value : null };
    const search = formatAddress({ at: moment, cameras: [...chosen.value], span: spanOf(view.value) });
    clearTimeout(timer);
    if (answered.value !== "yes" || chosen.value.length === 0) return;
    timer = setTimeout(() => {
      writtenMs = performance.now();
      if (search !== location.search) history.replaceState(null, "", search);
    }, Math.max(0, writtenMs + ADDRESS_MS - performance.now()));
  });
}

/** The view goes along with what plays, unless the viewer looks elsewhere on the timeline. */
function keepInSight(): void {
  let before = at.peek();
  effect(() => {
    const t = at.value;
    const { from, to } = view.peek();
    const wasInSight = before >= from && before <= to;
    before = t;
    if (live.value) {
      if (showsPresent(view.peek(), t - 2)) view.value = atPresent(view.peek(), t);
    } else if (wasInSight && !paused.value && !scrubbing.value) follow();
  });
}

addEventListener("pagehide", () => {
  if (answered.peek() === "yes") keepLooked(localStorage, present());
});

listen(() => answered.peek() === "yes");
load();
resume();
keepInStep();
keepAddress();
keepInSight();
const app = document.getElementById("app");
if (app) render(<Playback />, app);
