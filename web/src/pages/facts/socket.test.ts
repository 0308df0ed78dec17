// What comes over the WebSocket, and where it is.
import { expect, test } from "vitest";
import { parseFactMessage, socketUrl } from "./socket";

test.each([
  ["https://cameras.example/razz/analytics.html", "wss://cameras.example/razz/ws/facts"],
  ["http://127.0.0.1:8003/analytics.html?range=7d", "ws://127.0.0.1:8003/ws/facts"],
])("of %s", (page, url) => {
  expect(socketUrl(page)).toBe(url);
});

test.each([
  ['{"type":"now","areas":[]}', "now"],
  ['{"type":"fact","fact":{},"retracted":false}', "fact"],
  ['{"type":"alert","alert":{}}', "alert"],
  ['{"type":"weather"}', undefined],
  ['{"type":"now"}', undefined],
  ["null", undefined],
  ["{", undefined],
])("%s is %s", (text, type) => {
  expect(parseFactMessage(text)?.type).toBe(type);
});
