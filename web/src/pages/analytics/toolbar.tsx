// What is looked at: the time, the place, and whether it is compared.
import { useState } from "preact/hooks";
import { fieldValue } from "../playback/moment";
import { areasHref } from "../api";
import { csvHref } from "../facts/api";
import { customOf, midnight, previousWords, RANGES, type RangeName, type Wanted } from "./range";
import { areas, cameras, nameOf, scope, told, wanted } from "./state";

const change = (more: Partial<Wanted>): void => { wanted.value = { ...wanted.peek(), ...more }; };

export function Toolbar() {
  const { range, compare } = wanted.value;
  const [custom, setCustom] = useState(range === "custom");
  const choose = (name: RangeName): void => {
    setCustom(name === "custom");
    if (name !== "custom") change({ range: name, custom: null });
  };
  const shown = custom ? "custom" : range;
  return (
    <div class="toolbar">
      <Place />
      <div class="ranges" role="group" aria-label="Time">
        {RANGES.map(([name, words]) => (
          <button key={name} type="button" aria-pressed={shown === name} onClick={() => { choose(name); }}>{words}</button>
        ))}
      </div>
      <label class="compare">
        <input type="checkbox" checked={compare} onChange={() => { change({ compare: !compare }); }} />
        compare with {previousWords(range)}
      </label>
      <span class="ends">
        <a class="toggle" href={areasHref(scope.value.camera)}>areas</a>
        {told.value && <a class="toggle" href={csvHref(scope.value, told.value.period)} download>CSV</a>}
        <button type="button" class="toggle" onClick={() => { print(); }}>print</button>
      </span>
      {custom && <Custom />}
    </div>
  );
}

/** All cameras, one, or one area of one. */
function Place() {
  const { camera, area } = wanted.value;
  const listed = areas.value ?? [];
  const choose = (value: string): void => {
    const [id, ...name] = value.split(" ");
    change({ camera: id === undefined || id === "" ? null : Number(id), area: name.length === 0 ? null : name.join(" ") });
  };
  return (
    <select class="place" aria-label="Place" value={camera === null ? "" : area === null ? String(camera) : `${camera} ${area}`} onChange={(event) => { choose(event.currentTarget.value); }}>
      <option value="">All cameras</option>
      {cameras.value.map(({ id, name }) => <option key={id} value={String(id)}>{name}</option>)}
      {cameras.value.map(({ id }) => {
        const its = listed.filter((one) => one.camera_id === id);
        return its.length > 0 && (
          <optgroup key={id} label={nameOf(id)}>
            {its.map(({ name }) => <option key={name} value={`${id} ${name}`}>{name}</option>)}
          </optgroup>
        );
      })}
    </select>
  );
}

function Custom() {
  const now = Date.now() / 1000;
  const { custom } = wanted.value;
  const [from, setFrom] = useState(fieldValue(custom?.from ?? midnight(now, -6)).slice(0, 16));
  const [to, setTo] = useState(fieldValue(custom?.to ?? now).slice(0, 16));
  const span = customOf(from, to);
  return (
    <form class="customs" onSubmit={(event) => {
      event.preventDefault();
      if (span) change({ range: "custom", custom: span });
    }}>
      <label>from <input type="datetime-local" value={from} onInput={(event) => { setFrom(event.currentTarget.value); }} required /></label>
      <label>to <input type="datetime-local" value={to} onInput={(event) => { setTo(event.currentTarget.value); }} required /></label>
      <button class="strong" disabled={span === null}>Show</button>
      {span === null && <small>The end has to be a minute after the beginning at least.</small>}
    </form>
  );
}
