// What the area in hand would have counted in the last 24 hours.
import type { AreaKind, AreaPreview, PreviewHour } from "../../wire";
import { uptime } from "../amounts";
import { recordedHref } from "../facts/api";
import { counted, whenOf, whole } from "../facts/numbers";
import type { Draft } from "./draft";
import { asking, current, preview, refusal, refusalWords } from "./preview";
import { camera, shown } from "./state";
import { peak, perHour, sumWords } from "./sums";

const EXAMPLES = 8;

export function Counts({ draft, kind }: { draft: Draft; kind: AreaKind }) {
  const value = preview.value;
  const refused = refusal.value;
  if (refused) return <p class="notice">{refusalWords(refused)}</p>;
  if (!value) return <p class="quiet">{asking.value ? "Counting in the last 24 h…" : "No counts yet."}</p>;
  return (
    <section class={current.value === null ? "counts old" : "counts"} aria-label="The last 24 hours" aria-busy={asking.value}>
      <p class="sum" aria-live="polite">
        {sumWords(kind, value)}
      </p>
      <p class="quiet">
        {!value.complete && `So far: ${uptime(value.searched_s)} looked at. `}
        {counted(value.tracks, "track")} seen{value.complete && value.searched_s < 85_000 ? ` in ${uptime(value.searched_s)} of recorded tracks` : ""}.
      </p>
      {value.classes.length > 0 && <Classes draft={draft} value={value} />}
      <Hours draft={draft} value={value} />
      {value.examples.length > 0 && <Examples value={value} />}
    </section>
  );
}

function Classes({ draft, value }: { draft: Draft; value: AreaPreview }) {
  const isLine = draft.kind === "line";
  return (
    <table class="classes">
      <thead>
        <tr>
          <th scope="col">Class</th>
          {isLine ? <><th scope="col" class="number">In</th><th scope="col" class="number">Out</th></> : <th scope="col" class="number">Visits</th>}
        </tr>
      </thead>
      <tbody>
        {value.classes.map((row) => (
          <tr key={row.class}>
            <th scope="row">{row.class}</th>
            {isLine ? <><td class="number">{whole(row.in)}</td><td class="number">{whole(row.out)}</td></> : <td class="number">{whole(row.visits)}</td>}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A bar for each hour; the same as a table for those who do not see it. */
function Hours({ draft, value }: { draft: Draft; value: AreaPreview }) {
  const hours = perHour(value);
  const most = Math.max(0, ...hours.map(peak));
  const height = (count: number): string => `${most > 0 ? (100 * count) / most : 0}%`;
  const words = (hour: PreviewHour): string => (draft.kind === "line" ? `${whole(hour.in)} in, ${whole(hour.out)} out` : counted(hour.visits, "visit"));
  const time = (unix: number): string => new Date(unix * 1000).toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
  return (
    <figure class="hours">
      <div class="bars" aria-hidden="true">
        {hours.map((hour) => (
          <span key={hour.at} title={`${time(hour.at)}: ${words(hour)}`}>
            <i class="more" style={{ height: height(hour.in) }} />
            <i class="out" style={{ height: height(hour.out) }} />
            <i class="more" style={{ height: height(hour.visits) }} />
          </span>
        ))}
      </div>
      <figcaption class="quiet">
        <span>{time(value.from.unix)}</span>
        <span>
          by hour, most {whole(most)}
          {draft.kind === "line" && <span class="key" aria-hidden="true"> <i class="more" /> in <i class="out" /> out</span>}
        </span>
        <span>{time(value.to.unix)}</span>
      </figcaption>
      {/* A table itself would take its room on the page. */}
      <div class="spoken">
        <table>
          <caption>By hour</caption>
          <tbody>
            {hours.map((hour) => (
              <tr key={hour.at}>
                <th scope="row">{time(hour.at)}</th>
                <td>{words(hour)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  );
}

function Examples({ value }: { value: AreaPreview }) {
  const id = camera.value?.id ?? 0;
  return (
    <details class="newest">
      <summary>The newest {whole(Math.min(EXAMPLES, value.examples.length))}, as dots on the picture</summary>
      <ul>
        {value.examples.slice(0, EXAMPLES).map(({ at, track_id, class: name, direction }) => (
          <li key={`${at.media_time} ${track_id}`}>
            <span>
              {whenOf(at.unix)} {name}
              {direction !== undefined && ` ${direction}`}
            </span>
            <button type="button" class="quiet" aria-pressed={shown.value?.media_time === at.media_time} onClick={() => (shown.value = shown.value?.media_time === at.media_time ? null : at)}>
              Picture
            </button>
            <a href={recordedHref(id, at)} target="_blank" rel="noopener">
              Recording
            </a>
          </li>
        ))}
      </ul>
    </details>
  );
}
