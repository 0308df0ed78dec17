// Fields for a number and for a length of time.
import { useState } from "preact/hooks";
import type { FieldControl } from "../field";

/** A number that may be left out. */
export function NumberField({ more, value, change, step = 1 }: { more: FieldControl; value: number | null; change: (value: number | null) => void; step?: number }) {
  return <input {...more} type="number" min={0} step={step} value={value ?? ""} onInput={({ currentTarget }) => { change(currentTarget.value === "" ? null : currentTarget.valueAsNumber); }} />;
}

const UNITS = [["s", 1], ["min", 60], ["h", 3_600]] as const;

/** Seconds, in a unit that people count in. */
export function TimeField({ more, seconds, change }: { more: FieldControl; seconds: number; change: (seconds: number) => void }) {
  const fitting = [...UNITS].reverse().find(([, size]) => seconds > 0 && seconds % size === 0)?.[1] ?? 60;
  const [unit, setUnit] = useState<number>(fitting);
  return (
    <span class="time">
      <input {...more} type="number" min={0} step="any" value={seconds / unit} onInput={({ currentTarget }) => {
        const count = currentTarget.valueAsNumber;
        if (!Number.isNaN(count)) change(Math.max(0, Math.round(count * unit)));
      }} />
      <select aria-label="Unit" value={String(unit)} onChange={({ currentTarget }) => {
        const next = Number(currentTarget.value);
        change(Math.round((seconds / unit) * next));
        setUnit(next);
      }}>
        {UNITS.map(([name, size]) => <option key={name} value={String(size)}>{name}</option>)}
      </select>
    </span>
  );
}
