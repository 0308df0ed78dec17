// The form of a rule.
import { useState } from "preact/hooks";
import type { FactDirection, RuleInfo, RuleWhen } from "../../wire";
import { Field } from "../field";
import { namesOf } from "../fieldwords";
import { Said, useForm, useOpened } from "../form";
import { NumberField, TimeField } from "./amounts";
import { EMPTY, KINDS, missing, tidied } from "./kinds";
import { Rehearse } from "./rehearsal";
import { ADD, areas, cameras, change, editId, editing, rules } from "./state";
import { Windows } from "./windows";

/** Keys that have a field here: what is wrong with others is said of the form as a whole. */
const KEYS = ["name", "when", "camera_id", "area", "classes", "direction", "above", "below", "for_s", "cooldown_s", "schedule", "notify"];

const CHANNELS: Record<string, string> = { mqtt: "MQTT", webhook: "webhook", mail: "mail", ntfy: "ntfy", telegram: "Telegram", apprise: "Apprise", push: "push to browsers and phones" };

const close = (): void => { editing.value = null; };

export function RuleForm({ rule: before }: { rule: RuleInfo | null }) {
  const { busy, said, errors, setErrors, send } = useForm();
  const list = rules.value?.rules ?? [];
  const index = before ? list.indexOf(before) : -1;
  const { form, onKeyDown, goes } = useOpened(before ? editId(index) : ADD, ADD, close);
  const [rule, setRule] = useState<RuleInfo>(before ?? EMPTY);
  const [classes, setClasses] = useState(rule.classes.join(", "));
  const [sure, setSure] = useState(false);
  const set = (more: Partial<RuleInfo>): void => { setRule({ ...rule, ...more }); };
  const kind = KINDS[rule.when];
  const channels = rules.value?.channels ?? [];
  const fitting = areas.value.filter((area) => (rule.camera_id === null || area.camera_id === rule.camera_id) && (kind.area === "any" || (area.line !== undefined) === (kind.area === "line")));
  const names = [...new Set(fitting.map(({ name }) => name))];
  const whole = tidied(rule);

  /** Says what is missing, and whether anything is. */
  const lacks = (): boolean => {
    const problem = missing(rule, list.filter((one) => one !== before).map(({ name }) => name));
    setErrors(problem ? [problem] : []);
    return problem !== null;
  };
  async function save(event: Event): Promise<void> {
    event.preventDefault();
    if (lacks()) return;
    const saved = await send(() => change(before ? list.map((one) => (one === before ? whole : one)) : [...list, whole]));
    if (saved) close();
  }
  async function remove(): Promise<void> {
    if (!sure) {
      setSure(true);
      return;
    }
    goes();
    if (await send(() => change(list.filter((one) => one !== before)))) close();
  }
  const others = errors.filter(({ key }) => key === null || !KEYS.includes(key)).map(({ message }) => message);
  return (
    <form class="form rule" ref={form} onKeyDown={onKeyDown} onSubmit={(event) => void save(event)} aria-label={before?.name ?? "New rule"} noValidate>
      <h3>{before?.name ?? "New rule"}</h3>
      <div class="pair">
        <Field name="name" form="rule-" words="Name" errors={errors}>
          {(more) => <input {...more} value={rule.name} maxLength={60} onInput={({ currentTarget }) => { set({ name: currentTarget.value }); }} />}
        </Field>
        <Field name="when" form="rule-" words="What happens" errors={errors}>
          {(more) => (
            <select {...more} value={rule.when} onChange={({ currentTarget }) => { set({ when: currentTarget.value as RuleWhen, area: null }); }}>
              {Object.entries(KINDS).map(([when, { words }]) => <option key={when} value={when}>{words}</option>)}
            </select>
          )}
        </Field>
      </div>
      <div class="pair">
        <Field name="camera_id" form="rule-" words="Camera" errors={errors}>
          {(more) => (
            <select {...more} value={rule.camera_id === null ? "" : String(rule.camera_id)} onChange={({ currentTarget }) => { set({ camera_id: currentTarget.value === "" ? null : Number(currentTarget.value), area: null }); }}>
              <option value="">any camera</option>
              {cameras.value.map(({ id, name }) => <option key={id} value={String(id)}>{name}</option>)}
            </select>
          )}
        </Field>
        {kind.area !== null && (
          <Field name="area" form="rule-" words={kind.area === "line" ? "Line" : kind.area === "zone" ? "Zone" : "Area"} errors={errors} hint={names.length === 0 ? `no ${kind.area === "any" ? "line or zone" : kind.area} is drawn${rule.camera_id === null ? "" : " there"}` : undefined}>
            {(more) => (
              <select {...more} value={rule.area ?? ""} onChange={({ currentTarget: { value } }) => {
                const only = fitting.filter(({ name }) => name === value);
                set({ area: value === "" ? null : value, ...(only.length === 1 && only[0] ? { camera_id: only[0].camera_id } : {}) });
              }}>
                <option value="">{kind.needsArea ? "choose" : kind.area === "any" ? "the whole picture" : `any ${kind.area ?? ""}`}</option>
                {names.map((name) => <option key={name} value={name}>{name}</option>)}
              </select>
            )}
          </Field>
        )}
      </div>
      <div class="pair">
        {kind.classes && (
          <Field name="classes" form="rule-" words="Of these classes" hint="with commas between them, such as person, car; none for all" errors={errors}>
            {(more) => <input {...more} value={classes} autocomplete="off" onInput={({ currentTarget: { value } }) => { setClasses(value); set({ classes: namesOf(value) }); }} />}
          </Field>
        )}
        {kind.direction && (
          <Field name="direction" form="rule-" words="Direction" errors={errors}>
            {(more) => (
              <select {...more} value={rule.direction ?? ""} onChange={({ currentTarget: { value } }) => { set({ direction: value === "" ? null : (value as FactDirection) }); }}>
                <option value="">in or out</option>
                <option value="in">in</option>
                <option value="out">out</option>
              </select>
            )}
          </Field>
        )}
        {kind.above !== null && (
          <Field name="above" form="rule-" words={kind.above} errors={errors}>
            {(more) => <NumberField more={more} value={rule.above} change={(above) => { set({ above }); }} step={rule.when === "speed" ? 0.1 : 1} />}
          </Field>
        )}
        {kind.below !== null && (
          <Field name="below" form="rule-" words={kind.below} hint="leave one of the two empty if only the other matters" errors={errors}>
            {(more) => <NumberField more={more} value={rule.below} change={(below) => { set({ below }); }} />}
          </Field>
        )}
      </div>
      <div class="pair">
        {kind.lasting !== null && (
          <Field name="for_s" form="rule-" words={kind.lasting} errors={errors}>
            {(more) => <TimeField more={more} seconds={rule.for_s} change={(seconds) => { set({ for_s: seconds }); }} />}
          </Field>
        )}
        <Field name="cooldown_s" form="rule-" words="Pause after an alert" hint="no message of this rule meanwhile" errors={errors}>
          {(more) => <TimeField more={more} seconds={rule.cooldown_s} change={(seconds) => { set({ cooldown_s: seconds }); }} />}
        </Field>
      </div>
      <Windows schedule={rule.schedule} change={(schedule) => { set({ schedule }); }} errors={errors} />
      <fieldset class="field boxes">
        <legend>Tell people by</legend>
        {[...new Set([...channels, ...rule.notify])].map((channel) => (
          <label key={channel}>
            <input type="checkbox" checked={rule.notify.includes(channel)} onChange={() => { set({ notify: rule.notify.includes(channel) ? rule.notify.filter((one) => one !== channel) : [...rule.notify, channel] }); }} />
            {CHANNELS[channel] ?? channel}{!channels.includes(channel) && ", which is not set up"}
          </label>
        ))}
        <small>{channels.length === 0 ? "No way to tell people is set up on this server: alerts stand in the list of this page." : "Alerts always stand in the list of this page."}</small>
      </fieldset>
      <Rehearse rule={whole} lacks={lacks} />
      <Said words={[said, ...others].filter((words) => words !== "").join(" ")} />
      <p class="buttons">
        <button class="strong" disabled={busy}>{before ? "Save" : "Add"}</button>
        <button type="button" class="quiet" onClick={close}>Cancel</button>
        {before && <button type="button" class="quiet danger" disabled={busy} onClick={() => void remove()}>{sure ? "Remove for good" : "Remove"}</button>}
      </p>
    </form>
  );
}
