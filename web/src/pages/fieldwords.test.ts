import { expect, test } from "vitest";
import { atField } from "./fieldwords";

test.each([
  ["url", "`url`: there is no host", "There is no host"],
  ["url", "`url`: rtsp://h leads nowhere", "rtsp://h leads nowhere"],
  ["password", "`password` expects 10 characters at least", "Expects 10 characters at least"],
  ["name", "`url` expects more", "`url` expects more"],
  ["again", "The two passwords differ.", "The two passwords differ."],
])("%s: %s", (key, message, words) => {
  expect(atField(key, message)).toBe(words);
});
