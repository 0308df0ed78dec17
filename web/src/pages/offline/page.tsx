// An export that is played without razz: the page Recordings, with the files beside it in place of a server.
import { render } from "preact";
import { Keys, keysShown } from "../keysdialog";
import "../style.css";
import { run } from "../playback/actions";
import { Speed, Transport, When, Zoom } from "../playback/controls";
import { Dock } from "../playback/dock";
import { listen } from "../playback/listeners";
import { Looks } from "../playback/looks";
import { KEYS, type Command } from "../playback/playbackkeys";
import "../playback/playback.css";
import { keepInStep } from "../playback/players";
import { Choice, Stages } from "../playback/stages";
import { answered, visits } from "../playback/state";
import { clock, day } from "../playback/ticks";
import { Visits } from "../playback/visits";
import { lengthWords } from "../playback/words";
import { broken, load, manifest } from "./load";
import { Save } from "./menus";
import "./offline.css";

/** What an export has no use for: it is a span already, and nobody is watched live. */
const LEFT_OUT: readonly Command["do"][] = ["mark", "clear", "download", "export", "lock"];
const KEYS_LEFT_OUT = ["I  O", "X", "D", "E", "B"];
const OWN_KEYS = KEYS.filter(([key]) => !KEYS_LEFT_OUT.includes(key)).map(([key, words]) => [key, key === "Home  End" ? "the beginning, the end" : words] as const);

function Controls() {
  return (
    <div class="controls" role="toolbar" aria-label="Playback">
      <div class="where">
        <When utc />
        <Choice />
      </div>
      <Transport />
      <div class="more">
        <Looks />
        <Save />
        <Speed />
        <Zoom />
      </div>
    </div>
  );
}

function About() {
  const told = manifest.value;
  if (!told) return null;
  const [from, to] = [Math.min(...told.cameras.map((one) => one.from.unix)), Math.max(...told.cameras.map((one) => one.to.unix))];
  const parts = [`${day(from)} ${clock(from)}, ${lengthWords(to - from)}`, told.blurred ? "blurred" : "", `made ${day(told.made)} by razz ${told.razz}`, told.time_zone_note ?? ""];
  return (
    <>
      <h1>{told.name}</h1>
      <span class="count">{parts.filter((part) => part !== "").join(" · ")}</span>
    </>
  );
}

function Offline() {
  const isReady = manifest.value !== null && broken.value.length === 0;
  return (
    <>
      <header class="top">
        <span class="brand">razz</span>
        <About />
        <button type="button" class="quiet keys" aria-haspopup="dialog" title="Keys (?)" onClick={() => (keysShown.value = true)}>
          keys
        </button>
        <Keys keys={OWN_KEYS} />
      </header>
      <main id="main" class={isReady ? "playback" : ""}>
        {broken.value.length > 0 && (
          <section class="empty" role="alert">
            {broken.value.map((words, index) => (index === 0 ? <h2 key={words}>{words}</h2> : <p key={words}>{words}</p>))}
          </section>
        )}
        {isReady && (
          <>
            <Stages />
            {visits.value !== null && <Visits />}
            <Dock>
              <Controls />
            </Dock>
          </>
        )}
      </main>
    </>
  );
}

listen(() => answered.peek() === "yes", (command) => {
  if (!LEFT_OUT.includes(command.do)) run(command);
});
load();
keepInStep();
const app = document.getElementById("app");
if (app) render(<Offline />, app);
// The pictures have the height that the header leaves, which has more lines on a telephone.
const header = document.querySelector("header");
if (header) new ResizeObserver(() => { document.documentElement.style.setProperty("--head", `${header.offsetHeight}px`); }).observe(header);
