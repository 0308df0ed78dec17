// When a rule is on: always, or in some hours of some days.
import { useState } from "preact/hooks";
import type { KeyProblem } from "../../wire";
import { weekdayOf } from "../facts/numbers";
import { Field } from "../field";
import { DAYS, formatSchedule, OFFICE, parseSchedule, type Hours } from "./schedule";

export function Windows({ schedule, change, errors }: { schedule: string; change: (schedule: string) => void; errors: KeyProblem[] }) {
  // Kept here as well: a window without a day is nothing in the schedule, and yet stands on the page.
  const [windows, setWindows] = useState<Hours[] | null>(() => parseSchedule(schedule));
  const wrong = errors.filter(({ key }) => key === "schedule");
  if (windows === null) {
    return (
      <Field name="schedule" form="rule-" words="When it is on" hint="written in a way that this page cannot show; empty: always" errors={errors}>
        {(more) => <input {...more} value={schedule} onInput={({ currentTarget }) => { change(currentTarget.value); }} />}
      </Field>
    );
  }
  const set = (next: Hours[]): void => {
    setWindows(next);
    change(formatSchedule(next));
  };
  const edit = (index: number, more: Partial<Hours>): void => { set(windows.map((hours, at) => (at === index ? { ...hours, ...more } : hours))); };
  return (
    <fieldset class={wrong.length > 0 ? "field boxes wrong" : "field boxes"}>
      <legend>When it is on</legend>
      <label>
        <input type="radio" name="rule-schedule" checked={windows.length === 0} onChange={() => { set([]); }} />
        always
      </label>
      <label>
        <input type="radio" name="rule-schedule" checked={windows.length > 0} onChange={() => { set([OFFICE]); }} />
        in these hours of the server’s clock
      </label>
      {windows.map((hours, index) => (
        <div key={index} class="hours">
          <span class="days" role="group" aria-label="Days">
            {DAYS.map((name, day) => (
              <button key={name} type="button" aria-pressed={hours.days[day]} aria-label={weekdayOf(day, "long")} onClick={() => { edit(index, { days: hours.days.map((on, at) => (at === day ? !on : on)) }); }}>
                {weekdayOf(day, "short").slice(0, 3)}
              </button>
            ))}
          </span>
          <span class="span">
            <input type="time" aria-label="from" value={hours.from} onInput={({ currentTarget }) => { edit(index, { from: currentTarget.value }); }} required />
            to
            <input type="time" aria-label="to" value={hours.to} onInput={({ currentTarget }) => { edit(index, { to: currentTarget.value }); }} required />
            <button type="button" class="quiet" aria-label="Remove these hours" onClick={() => { set(windows.filter((_, at) => at !== index)); }}>×</button>
          </span>
          {hours.to !== "00:00" && hours.to <= hours.from && <small>until {hours.to} of the next day</small>}
        </div>
      ))}
      {windows.length > 0 && <button type="button" class="quiet" onClick={() => { set([...windows, { ...OFFICE, days: DAYS.map((_, day) => day > 4) }]); }}>more hours</button>}
      <small role={wrong.length > 0 ? "alert" : undefined}>{wrong.map(({ message }) => message).join("; ")}</small>
    </fieldset>
  );
}
