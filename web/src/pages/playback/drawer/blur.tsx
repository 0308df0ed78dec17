// Who is blurred: nobody, everybody, or everybody but some of those who were there.
import { useSignal, useSignalEffect } from "@preact/signals";
import type { BlurException } from "../../../wire";
import { fetchVisits, type Visit } from "../recordings";
import { nameOf } from "../state";
import { clock } from "../ticks";
import { Picture } from "../visits";
import { hasPictures } from "../pictures";
import { kindOf, lengthWords } from "../words";
import { Check, Radio } from "./choices";
import type { Filled } from "./request";
import { span } from "./span";

/** More people than this nobody looks through. */
const MOST = 200;

const isOf = ({ camera_id, track_id }: BlurException, visit: BlurException): boolean => camera_id === visit.camera_id && track_id === visit.track_id;

export function Blur({ filled, set }: { filled: Filled; set: (change: Partial<Filled>) => void }) {
  return (
    <fieldset class="boxes">
      <legend>Blur people</legend>
      <Radio group="blur" value="nobody" chosen={filled.blur} choose={(blur) => { set({ blur }); }} words="Nobody" />
      <Radio group="blur" value="everybody" chosen={filled.blur} choose={(blur) => { set({ blur }); }} words="Everybody" />
      <Radio group="blur" value="others" chosen={filled.blur} choose={(blur) => { set({ blur }); }} words="Everybody but…">
        <Whom filled={filled} set={set} />
      </Radio>
      {filled.blur !== "nobody" && (
        <small>Only who was detected is blurred: look at the result before you give it away.</small>
      )}
    </fieldset>
  );
}

/** The people who were there in the span, each with a box to tick. */
function Whom({ filled: { cameras, except }, set }: { filled: Filled; set: (change: Partial<Filled>) => void }) {
  const people = useSignal<readonly Visit[] | null>(null);
  const trouble = useSignal("");
  const wanted = useSignal("");
  wanted.value = cameras.join();
  useSignalEffect(() => {
    const { from, to } = span.value;
    const ids = wanted.value.split(",").filter((id) => id !== "").map(Number);
    let gone = false;
    if (ids.length > 0) void fetchVisits(ids, from, to, MOST).then((answer) => {
      if (gone) return;
      people.value = answer.ok ? answer.value.visits.filter((visit) => kindOf(visit.class) === "person").sort((a, b) => a.from.unix - b.from.unix) : [];
      trouble.value = answer.ok || answer.status === 404 ? "" : answer.words;
    });
    return () => {
      gone = true;
    };
  });
  if (people.value === null) return <small>Looking who was there…</small>;
  if (people.value.length === 0) return <small>{trouble.value === "" ? "Nobody was seen in this time." : trouble.value}</small>;
  return (
    <ul class="whom" aria-label="Not blurred">
      {people.value.map((visit) => {
        const on = except.some((one) => isOf(one, visit));
        return (
          <li key={visit.id}>
            <Check on={on} turn={(to) => {
              const { camera_id, track_id } = visit;
              set({ except: to ? [...except, { camera_id, track_id }] : except.filter((one) => !isOf(one, visit)) });
            }}>
              {hasPictures.value && <Picture visit={visit} />}
              <span>
                {visit.class}, {clock(visit.from.unix)}
                <small>
                  {cameras.length > 1 && `${nameOf(visit.camera_id)}, `}
                  {lengthWords(visit.to.unix - visit.from.unix)}
                </small>
              </span>
            </Check>
          </li>
        );
      })}
    </ul>
  );
}
