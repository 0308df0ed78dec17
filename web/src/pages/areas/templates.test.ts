// Every template can be saved as it is placed, also twice.
import { expect, test } from "vitest";
import { placed, TEMPLATES } from "./templates";
import { faultsOf, warningsOf } from "./warnings";

test.each(TEMPLATES)("$words", (template) => {
  const once = placed(template, []);
  const twice = [...once, ...placed(template, once)];
  expect(twice.flatMap((draft) => [...faultsOf(draft, twice), ...warningsOf(draft, null)])).toEqual([]);
});
