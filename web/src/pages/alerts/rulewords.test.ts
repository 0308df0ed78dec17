// Rules and alerts in words, and what is missing of them.
import { expect, test } from "vitest";
import type { AlertInfo, RuleInfo } from "../../wire";
import { namesOf } from "../fieldwords";
import { EMPTY, missing, tidied } from "./kinds";
import { moreWords, rehearsalWords, ruleWords, setWords, whenWords } from "./rulewords";
import { isOpen, withAlert } from "./mergealerts";

test.each<[Partial<RuleInfo>, string]>([
  [{ when: "crossing", area: "Side door", classes: ["person", "car"], direction: "in" }, "A person or car crosses Side door inwards"],
  [{ when: "crossing", camera_id: 1 }, "Anything crosses any line of Gate"],
  [{ when: "leaves", area: "Hall", classes: ["animal"] }, "An animal leaves Hall"],
  [{ when: "dwell", area: "Hall", above: 90 }, "Anything stays in Hall longer than 90 s"],
  [{ when: "occupancy", area: "Till", above: 5, for_s: 60, classes: ["person"] }, "More than 5 (person) in Till for 1 min"],
  [{ when: "occupancy", area: "Till", above: 5, below: 1 }, "More than 5, or fewer than 1 in Till"],
  [{ when: "absence", camera_id: 1, for_s: 7200 }, "Nobody at Gate for 2 h"],
  [{ when: "camera_offline" }, "Any camera does not answer"],
  [{ when: "recording_stopped", camera_id: 1, for_s: 60 }, "Gate is not recorded for 1 min"],
])("%j", (more, words) => {
  expect(ruleWords({ ...EMPTY, ...more }, () => "Gate")).toBe(words);
});

test("what else is set of a rule", () => {
  expect(moreWords({ ...EMPTY, cooldown_s: 0 })).toBe("always; in this list only");
  expect(moreWords({ ...EMPTY, schedule: "Sa 10:00-14:00", notify: ["mail"] })).toBe("Sa 10:00-14:00; told by mail; at most every 5 min");
  expect([45, 60, 90, 3600, 5400].map((seconds) => setWords(seconds, "en"))).toEqual(["45 s", "1 min", "90 s", "1 h", "90 min"]);
});

test.each<[Partial<RuleInfo>, string | null]>([
  [{ name: " " }, "name"],
  [{ name: "taken" }, "name"],
  [{ name: "a" }, null],
  [{ name: "a", when: "occupancy", above: 3 }, "area"],
  [{ name: "a", when: "occupancy", area: "Till" }, "above"],
  [{ name: "a", when: "occupancy", area: "Till", below: 2 }, null],
  [{ name: "a", when: "dwell", area: "Till" }, "above"],
])("%j lacks %s", (more, key) => {
  expect(missing({ ...EMPTY, ...more }, ["taken"])?.key ?? null).toBe(key);
});

test("what another kind of rule had is not sent", () => {
  const rule: RuleInfo = { ...EMPTY, name: " a ", when: "camera_offline", area: "Till", classes: ["person"], direction: "in", above: 3, below: 1, for_s: 60 };
  expect(tidied(rule)).toEqual({ ...EMPTY, name: "a", when: "camera_offline", for_s: 60 });
  expect(namesOf(" person,car,, person ")).toEqual(["person", "car"]);
});

test.each([
  [0, 0, "Would not have fired last week."],
  [1, 1, "Would have fired once last week."],
  [4, 4, "Would have fired 4 times last week."],
  [1200, 2, "Would have fired 1,200 times last week, and told you twice: the pause after an alert kept the others back."],
  [2, 0, "Would have fired twice last week, and told nobody."],
])("%d alerts, %d messages", (count, sent, words) => {
  expect(rehearsalWords({ count, sent }, "en")).toBe(words);
});

const moment = (unix: number) => ({ unix, media_time: String(unix * 90_000) });
const alert = (id: string, since: number, more: Partial<AlertInfo> = {}): AlertInfo => ({
  id, rule: "r", state: "resolved", camera_id: 1, area: null, class: null, words: "", since: moment(since), until: moment(since + 60), count: 1, acknowledged_by: null, acknowledged_at: null, ...more,
});

test("an alert that changed stands where it stood, a new one by its time", () => {
  const list = [alert("b", 20), alert("a", 10)];
  expect(withAlert(list, alert("c", 30)).map(({ id }) => id)).toEqual(["c", "b", "a"]);
  const changed = withAlert(list, alert("a", 10, { count: 2 }));
  expect(changed.map(({ id, count }) => [id, count])).toEqual([["b", 1], ["a", 2]]);
});

test("open is what fires, or what nobody has seen to", () => {
  expect([alert("a", 1), alert("a", 1, { acknowledged_by: "anna", acknowledged_at: 5 }), alert("a", 1, { acknowledged_by: "anna", acknowledged_at: 5, state: "firing" })].map(isOpen)).toEqual([true, false, true]);
});

test("when", () => {
  const noon = new Date(2026, 10, 28, 12).getTime() / 1000;
  expect(whenWords(alert("a", noon, { count: 3 }), noon, "en-GB")).toBe("12:00:00 to 12:01:00, 3 times");
  expect(whenWords(alert("a", noon, { state: "firing", until: null }), noon, "en-GB")).toBe("since 12:00:00");
});
