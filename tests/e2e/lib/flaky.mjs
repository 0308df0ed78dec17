// The short dated list of test files that may fail once and pass the second time: flaky.json, a list of
// {"file": "NN-name.test.mjs", "since": "YYYY-MM-DD", "reason": "...", "until": "YYYY-MM-DD"}.

/** More entries than this are no exceptions any more. */
const MOST = 5;
/** An entry is good for so many days at most: until then the cause is found. */
const LONGEST_DAYS = 60;

const KEYS = ["file", "reason", "since", "until"];
const isDate = (text) => /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().startsWith(text);
const days = (from, to) => (Date.parse(to) - Date.parse(from)) / 86_400_000;

/** What is wrong with an entry, as sentences. `files`: the names of all test files; `today`: YYYY-MM-DD. */
function troubleWith(entry, files, today) {
  if (typeof entry !== "object" || entry === null) return ["it is no object"];
  const keys = Object.keys(entry).sort();
  if (String(keys) !== String(KEYS)) return [`its keys are ${keys.join(", ") || "none"} and must be ${KEYS.join(", ")}`];
  if (KEYS.some((key) => typeof entry[key] !== "string" || entry[key].trim() === "")) return ["every value must be text, and none empty"];
  const { file, since, until } = entry;
  if (!isDate(since) || !isDate(until)) return ["since and until must be dates, as 2026-01-31"];
  return [
    ...(files.includes(file) ? [] : [`there is no test file ${file}`]),
    ...(since > today ? [`it begins in the future, on ${since}`] : []),
    ...(until < today ? [`it has expired on ${until}: remove the cause, then the entry`] : []),
    ...(days(since, until) > LONGEST_DAYS || until < since ? [`until must be within ${LONGEST_DAYS} days after since`] : []),
  ];
}

/** The entries of the list by file, and what is wrong with it: with any trouble the run fails. */
export function readFlaky(text, files, today) {
  let list;
  try {
    list = JSON.parse(text);
  } catch (error) {
    return { entries: new Map(), trouble: [`flaky.json is not JSON: ${error.message}`] };
  }
  if (!Array.isArray(list)) return { entries: new Map(), trouble: ["flaky.json is no list"] };
  const trouble = list.flatMap((entry, at) => troubleWith(entry, files, today).map((words) => `flaky.json, entry ${at + 1}: ${words}`));
  if (list.length > MOST) trouble.push(`flaky.json has ${list.length} entries, ${MOST} are the most`);
  const entries = new Map(list.map((entry) => [entry?.file, entry]));
  if (entries.size < list.length) trouble.push("flaky.json names a file twice");
  return { entries, trouble };
}
