// When a rule is on: "Mo-Fr 08:00-18:00, Sa 10:00-14:00" as windows of a week, and back.

/** As they are written; the week begins on Monday. */
export const DAYS = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"] as const;

/** Hours of some days. One that ends before it begins goes on over midnight. */
export interface Hours {
  /** Of each day of the week whether it begins on it. */
  days: boolean[];
  /** "08:00". */
  from: string;
  to: string;
}

/** What a new window is before it is changed. */
export const OFFICE: Hours = { days: DAYS.map((_, day) => day < 5), from: "08:00", to: "18:00" };

/** Reads a schedule; null where it is written in a way that this page cannot show. */
export function parseSchedule(text: string): Hours[] | null {
  const found: Hours[] = [];
  for (const part of text.split(",").map((one) => one.trim()).filter((one) => one !== "")) {
    const [, first, last, from, to] = /^([A-Z][a-z])(?:-([A-Z][a-z]))? (\d\d:\d\d)-(\d\d:\d\d)$/.exec(part) ?? [];
    const begin = DAYS.findIndex((day) => day === first);
    const end = last === undefined ? begin : DAYS.findIndex((day) => day === last);
    if (begin < 0 || end < 0 || !isTime(from) || !isTime(to)) return null;
    const same = found.find((hours) => hours.from === from && hours.to === endOf(to)) ?? { days: DAYS.map(() => false), from, to: endOf(to) };
    if (!found.includes(same)) found.push(same);
    // "Sa-Tu" goes over the end of the week.
    for (let day = begin; ; day = (day + 1) % 7) {
      same.days[day] = true;
      if (day === end) break;
    }
  }
  return found;
}

function isTime(text: string | undefined): text is string {
  const [hours, minutes] = (text ?? "").split(":").map(Number);
  return text !== undefined && hours !== undefined && minutes !== undefined && minutes < 60 && (hours < 24 || text === "24:00");
}

/** A field for a time knows no 24:00. */
const endOf = (to: string): string => (to === "24:00" ? "00:00" : to);

/** The other way. Windows without a day or a time are left out. */
export function formatSchedule(windows: readonly Hours[]): string {
  return windows.filter(({ from, to }) => from !== "" && to !== "").flatMap(({ days, from, to }) => runs(days).map((run) => `${run} ${from}-${to === "00:00" ? "24:00" : to}`)).join(", ");
}

/** "Mo-We", "Fr". */
function runs(days: readonly boolean[]): string[] {
  const found: string[] = [];
  for (let day = 0; day < 7; day++) {
    if (days[day] !== true) continue;
    const first = day;
    while (days[day + 1] === true && day < 6) day++;
    found.push(first === day ? (DAYS[day] ?? "") : `${DAYS[first] ?? ""}-${DAYS[day] ?? ""}`);
  }
  return found;
}
