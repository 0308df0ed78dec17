// A rule in a sentence, and its alerts in words.
import type { AlertInfo, RuleInfo } from "../../wire";
import { timeOf, whenOf, whole } from "../facts/numbers";

/** "90 s", "5 min", "2 h": as it is set, without rounding. */
export function setWords(seconds: number, locale?: string): string {
  const [count, unit] = seconds >= 3_600 && seconds % 3_600 === 0 ? [seconds / 3_600, "h"] : seconds >= 60 && seconds % 60 === 0 ? [seconds / 60, "min"] : [seconds, "s"];
  return `${whole(count, locale)} ${unit}`;
}

/** Whatever it begins with: names of cameras do as well. */
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** "A person or car crosses Side door inwards", "More than 5 in Checkout for 1 min". */
export function ruleWords(rule: RuleInfo, nameOf: (id: number) => string): string {
  const { when, classes, direction, above, below, for_s: lasting } = rule;
  const camera = rule.camera_id === null ? "any camera" : nameOf(rule.camera_id);
  const place = rule.area ?? camera;
  const who = classes.length === 0 ? "Anything" : `${/^[aeiou]/i.test(classes[0] ?? "") ? "An" : "A"} ${classes.join(" or ")}`;
  const during = lasting > 0 ? ` for ${setWords(lasting)}` : "";
  switch (when) {
    case "crossing":
      return `${who} crosses ${rule.area ?? `any line of ${camera}`}${direction === null ? "" : direction === "in" ? " inwards" : " outwards"}`;
    case "enters":
    case "leaves":
      return `${who} ${when} ${rule.area ?? `any zone of ${camera}`}`;
    case "dwell":
      return `${who} stays in ${rule.area ?? `any zone of ${camera}`} longer than ${setWords(above ?? 0)}`;
    case "occupancy": {
      const limits = [above === null ? null : `more than ${whole(above)}`, below === null ? null : `fewer than ${whole(below)}`].filter((part) => part !== null).join(", or ");
      return `${capital(limits)}${classes.length === 0 ? "" : ` (${classes.join(" or ")})`} in ${place}${during}`;
    }
    case "appears":
      return `${who} appears at ${place}`;
    case "absence":
      return `${classes.length === 0 ? "Nobody" : `No ${classes.join(" or ")}`} at ${place}${during}`;
    case "speed":
      return `${who} is faster than ${above?.toLocaleString() ?? "–"} m/s at ${place}`;
    case "camera_offline":
      return `${capital(camera)} does not answer${during}`;
    case "recording_stopped":
      return `${capital(camera)} is not recorded${during}`;
  }
}

/** What else is set: "Mo-Fr 08:00-18:00; told by mail; at most every 5 min". */
export function moreWords({ schedule, notify, cooldown_s: cooldown }: RuleInfo): string {
  const parts = [schedule === "" ? "always" : schedule, notify.length === 0 ? "in this list only" : `told by ${notify.join(", ")}`, cooldown > 0 ? `at most every ${setWords(cooldown)}` : null];
  return parts.filter((part) => part !== null).join("; ");
}

/** "firing since 14:03:05", "14:03:05 to 14:10:00, 3 times". */
export function whenWords({ state, since, until, count }: AlertInfo, now?: number, locale?: string): string {
  const begin = whenOf(since.unix, now, locale);
  const sameDay = until !== null && new Date(until.unix * 1000).toDateString() === new Date(since.unix * 1000).toDateString();
  const time = state === "firing" ? `since ${begin}` : until === null || until.unix - since.unix < 1 ? begin : `${begin} to ${sameDay ? timeOf(until.unix, locale) : whenOf(until.unix, now, locale)}`;
  return count > 1 ? `${time}, ${whole(count, locale)} times` : time;
}

/** What a rehearsal found. */
export function rehearsalWords({ count, sent }: { count: number; sent: number }, locale?: string): string {
  if (count === 0) return "Would not have fired last week.";
  const times = (n: number): string => (n === 1 ? "once" : n === 2 ? "twice" : `${whole(n, locale)} times`);
  const messages = sent === count ? "" : sent === 0 ? ", and told nobody" : `, and told you ${times(sent)}: the pause after an alert kept the others back`;
  return `Would have fired ${times(count)} last week${messages}.`;
}
