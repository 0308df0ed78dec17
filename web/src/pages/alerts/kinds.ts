// What rules wait for, and which settings each kind of them has.
import type { AreaKind, RuleInfo, RuleWhen } from "../../wire";

/** One kind of rule. What is null is no setting of it. */
export interface Kind {
  /** As it is chosen. */
  words: string;
  /** Where: at areas of this kind, at any, or at a camera as a whole. */
  area: AreaKind | "any" | null;
  /** Whether it has to name an area. */
  needsArea: boolean;
  classes: boolean;
  direction: boolean;
  above: string | null;
  below: string | null;
  /** Of `for_s`. */
  lasting: string | null;
}

const NOTHING: Kind = { words: "", area: null, needsArea: false, classes: true, direction: false, above: null, below: null, lasting: null };

export const KINDS: Record<RuleWhen, Kind> = {
  crossing: { ...NOTHING, words: "something crosses a line", area: "line", direction: true },
  enters: { ...NOTHING, words: "something enters a zone", area: "zone" },
  leaves: { ...NOTHING, words: "something leaves a zone", area: "zone" },
  dwell: { ...NOTHING, words: "something stays long in a zone", area: "zone", above: "Longer than, seconds" },
  occupancy: { ...NOTHING, words: "too many or too few in a zone", area: "zone", needsArea: true, above: "More than", below: "Fewer than", lasting: "For at least" },
  appears: { ...NOTHING, words: "something appears", area: "any" },
  absence: { ...NOTHING, words: "nobody is there", area: "any", lasting: "For at least" },
  speed: { ...NOTHING, words: "something is too fast at a line", area: "line", above: "Faster than, metres a second" },
  camera_offline: { ...NOTHING, words: "a camera does not answer", classes: false, lasting: "For at least" },
  recording_stopped: { ...NOTHING, words: "a camera is not recorded", classes: false, lasting: "For at least" },
};

/** A rule before anything is filled in. */
export const EMPTY: RuleInfo = {
  name: "", when: "crossing", camera_id: null, area: null, classes: [], direction: null, above: null, below: null, for_s: 0, cooldown_s: 300, schedule: "", notify: [],
};

/** The rule with nothing in it that its kind does not have: what was filled in for another kind stays behind. */
export function tidied(rule: RuleInfo): RuleInfo {
  const kind = KINDS[rule.when];
  return {
    ...rule,
    name: rule.name.trim(),
    area: kind.area === null ? null : rule.area,
    classes: kind.classes ? rule.classes : [],
    direction: kind.direction ? rule.direction : null,
    above: kind.above === null ? null : rule.above,
    below: kind.below === null ? null : rule.below,
    for_s: kind.lasting === null ? 0 : rule.for_s,
  };
}

/** What is missing, in a sentence; null where the server may be asked. */
export function missing(rule: RuleInfo, others: readonly string[]): { key: string; message: string } | null {
  const kind = KINDS[rule.when];
  if (rule.name.trim() === "") return { key: "name", message: "Give it a name: it stands in messages." };
  if (others.includes(rule.name.trim())) return { key: "name", message: "There is another rule of this name." };
  if (kind.needsArea && rule.area === null) return { key: "area", message: "Choose the zone." };
  if (kind.above !== null && kind.below === null && rule.above === null) return { key: "above", message: "Say how much is too much." };
  if (kind.below !== null && rule.above === null && rule.below === null) return { key: "above", message: "Say how many are too many, or how few too few." };
  return null;
}
