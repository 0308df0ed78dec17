// What the page knows, and what follows from it.
import { computed, signal } from "@preact/signals";
import type { AreaInfo, AreaNow, CameraInfo, CameraMoved, FactDirection, FactKind, FactRow, Facts } from "../../wire";
import type { Scope, Span } from "../facts/api";
import { inScope } from "./merge";
import { DAY, parseAddress, periodOf, type Period, type Wanted } from "./range";
import { byDay, byWeek, coverageOf, mainCount, seriesOf, totalsOf, type Series } from "./sums";

/** Steps of the weeks that say what is usual. */
export const USUAL_STEP = 3_600;
/** Less of a time watched than this, and its figures are compared with nothing. */
const ENOUGH = 0.5;
/** Most alerts of a time that are asked for. */
export const ALERTS = 200;

/** What is looked at: range, place, and whether it is compared. */
export const wanted = signal<Wanted>(parseAddress(location.search));
export const scope = computed<Scope>(() => ({ camera: wanted.value.camera, area: wanted.value.area, class: wanted.value.class }));

/** An answer with the time that it is of. */
export interface Told {
  period: Period;
  facts: Facts;
}

export const cameras = signal<CameraInfo[]>([]);
/** All areas in sight, for choosing one; null until the server has answered. */
export const areas = signal<AreaInfo[] | null>(null);
/** Cameras that were moved since their areas were drawn. */
export const moved = signal<CameraMoved[]>([]);
export const told = signal<Told | null>(null);
/** The time before. */
export const before = signal<Facts | null>(null);
/** The last five weeks. */
export const weeks = signal<Facts | null>(null);
export const rows = signal<FactRow[]>([]);
/** How areas stand now, by camera and name. */
export const now = signal<ReadonlyMap<string, AreaNow>>(new Map());
/** Alerts that are firing or that nobody has seen to; null where the server has none. */
export const openAlerts = signal<number | null>(null);
/** How many alerts the time has, and the time before. */
export const alerts = signal<{ now: number; before: number | null }>({ now: 0, before: null });
export const trouble = signal("");
/** HTTP status of the last refusal; null where there is none. */
export const refused = signal<number | null>(null);

export const nameOf = (id: number): string => cameras.value.find((camera) => camera.id === id)?.name ?? `Camera ${id}`;

/** What is counted first: crossings, or visits where there are zones only. */
export const main = computed(() => mainCount(told.value?.facts.areas ?? []));
export const totals = computed(() => totalsOf(told.value?.facts.areas ?? []));

const cut = (facts: Facts, to: number, unit: Period["unit"]): Series => {
  const series = seriesOf(facts.areas, facts.step_s, to);
  const days = unit === "step" || facts.step_s >= DAY ? series : byDay(series);
  return unit === "week" ? byWeek(days) : days;
};
/** The counts as the chart shows them. */
export const series = computed(() => (told.value === null ? null : cut(told.value.facts, told.value.period.to, told.value.period.unit)));
export const seriesBefore = computed(() => (before.value === null || told.value === null ? null : cut(before.value, before.value.to, told.value.period.unit)));
/** The time before, if enough of it was watched for its figures to say something. */
export const comparable = computed(() => (seriesBefore.value !== null && coverageOf(seriesBefore.value) >= ENOUGH ? before.value : null));
export const totalsBefore = computed(() => (comparable.value === null ? null : totalsOf(comparable.value.areas)));
/** The last five weeks by hours. */
export const history = computed(() => (weeks.value === null ? null : seriesOf(weeks.value.areas, USUAL_STEP, weeks.value.to)));

/** How many are in the zones that are looked at; null where there is none. */
export const inside = computed(() => {
  const zones = [...now.value.values()].filter((area) => area.kind === "zone" && inScope(area, scope.value));
  return zones.length === 0 ? null : zones.reduce((sum, { occupancy }) => sum + (occupancy ?? 0), 0);
});

/** Rows that are shown beside: which, and of when. */
export interface Opened {
  title: string;
  scope: Scope;
  /** The newest first. */
  spans: Span[];
  kind: FactKind | null;
  direction: FactDirection | null;
}

export const opened = signal<Opened | null>(null);

/** Shows the rows behind a number: of all that is looked at unless told otherwise. */
export function open(title: string, more: { scope?: Partial<Scope>; spans?: Span[]; kind?: FactKind | null; direction?: FactDirection | null } = {}): void {
  const period = told.peek()?.period ?? periodOf(wanted.peek(), Date.now() / 1000);
  opened.value = { title, scope: { ...scope.peek(), ...more.scope }, spans: more.spans ?? [{ from: period.from, to: period.to }], kind: more.kind ?? null, direction: more.direction ?? null };
}
