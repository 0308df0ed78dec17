// Numbers and times as people of the browser's language read them. `locale` is for tests.

/** "1,234": also four figures have their separator. */
export function whole(value: number, locale?: string): string {
  return new Intl.NumberFormat(locale, { maximumFractionDigits: 0, useGrouping: "always" }).format(value);
}

/** "3.4", "12", "–" for what nobody knows. */
export function decimal(value: number | null, locale?: string): string {
  if (value === null) return "–";
  return new Intl.NumberFormat(locale, { maximumFractionDigits: Math.abs(value) < 10 ? 1 : 0, useGrouping: "always" }).format(value);
}

/** "1 visit", "1,234 visits". */
export function counted(count: number, one: string, many = `${one}s`, locale?: string): string {
  return `${whole(count, locale)} ${count === 1 ? one : many}`;
}

/** "14:03:05". */
export function timeOf(unix: number, locale?: string): string {
  return new Date(unix * 1000).toLocaleTimeString(locale);
}

/** "Sat, 28 Nov". */
export function dayOf(unix: number, locale?: string): string {
  return new Date(unix * 1000).toLocaleDateString(locale, { weekday: "short", day: "numeric", month: "short" });
}

/** "Mon", "Monday" of 0, as a week begins: the first of January 2024 was a Monday. */
export function weekdayOf(day: number, form: "short" | "long"): string {
  return new Date(2024, 0, 1 + day).toLocaleDateString(undefined, { weekday: form });
}

/** The time, and the day before it where that is another than `now`'s. */
export function whenOf(unix: number, now = Date.now() / 1000, locale?: string): string {
  const isToday = new Date(unix * 1000).toDateString() === new Date(now * 1000).toDateString();
  return isToday ? timeOf(unix, locale) : `${dayOf(unix, locale)}, ${timeOf(unix, locale)}`;
}
