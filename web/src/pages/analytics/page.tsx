// Analytics: what was counted, at first sight and down to the single picture.
import { render } from "preact";
import { areasHref } from "../api";
import { Header } from "../shell";
import "./analytics.css";
import { Cards, Sentence } from "./cards";
import { ClassesPanel } from "./classes";
import { Drawer } from "./drawer";
import { DwellPanel } from "./dwell";
import { HeatPanel } from "./heat";
import { load } from "./load";
import { MatrixPanel } from "./matrix";
import { moved, nameOf, refused, told, trouble, wanted } from "./state";
import { Strip } from "./strip";
import { Toolbar } from "./toolbar";
import { TrafficPanel } from "./traffic";
import { OccupancyPanel, QueuesPanel } from "./zones";

/** In place of figures: what to draw first. */
function Empty() {
  const { camera } = wanted.value;
  return (
    <section class="empty">
      <h2>{camera === null ? "Nothing is counted yet" : `Nothing is counted at ${nameOf(camera)} yet`}</h2>
      <p>
        razz counts who crosses a line and who is in a zone. Draw a line across a door to count in and out, or a zone around a queue to see how many wait and how long.
        What is recorded already is counted while you draw.
      </p>
      <p><a href={areasHref(camera)}>Draw a line or a zone</a></p>
    </section>
  );
}

/** The server is older than this page, or was built without counting. */
function Missing() {
  return (
    <section class="empty">
      <h2>This server does not count</h2>
      <p>It has no figures to show: it answers 404 where they should be. Recordings and live pictures work as before.</p>
      <p><a href="./">Live</a></p>
    </section>
  );
}

/** Cameras whose counts are of somewhere else than was drawn. */
function Elsewhere() {
  const { camera } = wanted.value;
  return moved.value.filter(({ camera_id }) => camera === null || camera === camera_id).map(({ camera_id }) => (
    <p key={camera_id} class="notice">
      {nameOf(camera_id)} was moved since its areas were drawn: they count what is somewhere else now. <a href={areasHref(camera_id)}>Move them along</a>
    </p>
  ));
}

function Page() {
  const now = told.value;
  const none = now?.facts.areas.length === 0;
  const missing = refused.value === 404 && now === null;
  return (
    <>
      <Header warning={missing ? "" : trouble.value}>
        <h1 class="spoken">Analytics</h1>
      </Header>
      <main id="main" class="analytics">
        {missing ? <Missing /> : (
          <>
            <Toolbar />
            {none ? <Empty /> : now && (
              <>
                <Elsewhere />
                <Sentence />
                <Cards />
                <div class="panels">
                  <TrafficPanel />
                  <MatrixPanel />
                  <OccupancyPanel />
                  <DwellPanel />
                  <QueuesPanel />
                  <ClassesPanel />
                  <HeatPanel />
                  <Strip />
                </div>
              </>
            )}
            <Drawer />
          </>
        )}
      </main>
    </>
  );
}

load();
const app = document.getElementById("app");
if (app) render(<Page />, app);
