// Who was there: the visits in sight, the newest on top.
import { useComputed, useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import { showVisit } from "./actions";
import { hasPictures } from "./pictures";
import { pictureHref, type Visit } from "./recordings";
import { isNew } from "./seen";
import { at, chosen, live, looked, nameOf, present, view, visited, visits } from "./state";
import { clock, day } from "./ticks";
import { placed } from "./thumb";
import { kindOf, lengthWords } from "./words";

/** More are not listed: whoever zooms in sees them. */
const MOST = 200;
const THUMB_PX = [64, 40] as const;
/** Asked for so wide: a window shows a part of it only. */
const PICTURE_PX = 320;

export function Visits() {
  const list = useRef<HTMLUListElement>(null);
  const shown = useComputed(() => {
    const { from, to } = view.value;
    const inSight = (visits.value ?? []).filter((visit) => chosen.value.includes(visit.camera_id) && visit.to.unix >= from && visit.from.unix <= to);
    return inSight.sort((a, b) => b.from.unix - a.from.unix).slice(0, MOST);
  });
  const current = useComputed(() => (live.value ? undefined : shown.value.find((visit) => at.value >= visit.from.unix - 0.05 && at.value <= visit.to.unix)?.id));
  useSignalEffect(() => {
    const id = current.value;
    if (id !== undefined) list.current?.querySelector(`[data-visit="${CSS.escape(id)}"]`)?.scrollIntoView({ block: "nearest" });
  });
  const today = day(present());
  const fresh = shown.value.filter((visit) => isNew(visit, looked, visited.value)).length;
  return (
    <aside class="visits" aria-label="Visits">
      <h2>
        Visits <span class="count">{shown.value.length === MOST ? `the last ${MOST}` : shown.value.length}</span>
        {fresh > 0 && <span class="new">{fresh} new</span>}
      </h2>
      {shown.value.length === 0 && <p class="quiet">Nobody was seen in the time that the timeline shows.</p>}
      <ul ref={list}>
        {shown.value.map((visit) => (
          <li key={visit.id} data-visit={visit.id}>
            <button type="button" class={`visit ${kindOf(visit.class)}`} aria-current={visit.id === current.value} onClick={() => { showVisit(visit); }}>
              <i aria-hidden="true" />
              {hasPictures.value && <Picture visit={visit} />}
              <span>
                <b>{visit.class}</b>
                <small>
                  {chosen.value.length > 1 && `${nameOf(visit.camera_id)}, `}
                  {lengthWords(visit.to.unix - visit.from.unix)}
                </small>
              </span>
              <span class="time">
                {clock(visit.from.unix)}
                {day(visit.from.unix) !== today && <small>{day(visit.from.unix).slice(0, -5)}</small>}
              </span>
              {isNew(visit, looked, visited.value) && <em>new</em>}
            </button>
          </li>
        ))}
      </ul>
    </aside>
  );
}

/** The object as it was seen best, cut out of the recorded picture. */
export function Picture({ visit: { camera_id: camera, best, bbox, frame_size: frame } }: { visit: Visit }) {
  const { width, left, top } = placed(bbox, frame, THUMB_PX);
  return (
    <span class="thumb" aria-hidden="true">
      <img src={pictureHref(camera, best.unix, PICTURE_PX)} alt="" loading="lazy" style={{ width: `${width}px`, left: `${left}px`, top: `${top}px` }} />
    </span>
  );
}
