// Addresses, camera names, problems, ICE servers.
import { describe, expect, test } from "vitest";
import { cameraId, feedUrl, originOf, problemOf } from "./origin";
import { iceServersOf } from "./whepsession";

test.each([
  { text: "1", id: 1 },
  { text: "camera10", id: 10 },
  { text: " 7 ", id: 7 },
  { text: "0", id: null },
  { text: "camera0", id: null },
  { text: "", id: null },
  { text: null, id: null },
  { text: "1e3", id: null },
  { text: "-1", id: null },
  { text: "camera1/../2", id: null },
  { text: "99999999999", id: null },
])("camera $text is $id", ({ text, id }) => {
  expect(cameraId(text)).toBe(id);
});

test.each([
  { base: null, token: null, url: "ws://host:8003/ws/tracking/3?every_frame=1" },
  { base: "https://razz.example", token: null, url: "wss://razz.example/ws/tracking/3?every_frame=1" },
  { base: "https://razz.example/cams/", token: "a b&c", url: "wss://razz.example/cams/ws/tracking/3?every_frame=1&token=a+b%26c" },
  { base: "//other:1", token: "", url: "ws://other:1/ws/tracking/3?every_frame=1" },
])("feed at $base is $url", ({ base, token, url }) => {
  const origin = originOf(base, token, "http://host:8003/camera-viewer.html?camera=3", "http://host:8003/player.js");
  expect(feedUrl(origin, 3)).toBe(url);
});

test.each([
  { page: "https://h/razz/settings.html", script: "https://h/razz/player.js", base: "https://h/razz" },
  { page: "https://h/blog/2026/post.html", script: "https://h/home/razz/player.js?v=1", base: "https://h/home/razz" },
  { page: "http://h:8080/", script: "http://h:8080/player.js", base: "http://h:8080" },
  { page: "https://h/blog/", script: "https://other:8443/razz/player.js", base: "https://other:8443/razz" },
  // Part of another file.
  { page: "https://h/blog/", script: "https://h/static/bundle-1a2b.js", base: "https://h" },
  { page: "https://h/blog/", script: "file:///src/media/attributes.ts", base: "https://h" },
])("without src-base the player of $script on $page asks $base", ({ page, script, base }) => {
  expect(originOf(null, null, page, script).base).toBe(base);
  expect(originOf("", null, page, script).base).toBe(base);
  expect(originOf("/", null, page, script).base).toBe(new URL(page).origin);
});

describe("problems", () => {
  const headers = { "Content-Type": "application/problem+json" };
  test.each([
    { body: '{"type":"t","title":"T","status":404,"detail":"D"}', problem: { type: "t", title: "T", status: 404, detail: "D" } },
    { body: "{}", problem: { type: "about:blank", title: "", status: 404, detail: null } },
    { body: '{"detail":7}', problem: { type: "about:blank", title: "", status: 404, detail: null } },
    { body: "null", problem: null },
    { body: "<html>", problem: null },
  ])("$body", async ({ body, problem }) => {
    expect(await problemOf(new Response(body, { status: 404, headers }))).toEqual(problem);
  });

  test("an answer that is no JSON has none", async () => {
    expect(await problemOf(new Response("{}", { headers: { "Content-Type": "text/html" } }))).toBeNull();
  });
});

test.each([
  { link: null, servers: [] },
  { link: '<https://x/>; rel="next"', servers: [] },
  { link: '<stun:s.example:3478>; rel="ice-server"', servers: [{ urls: "stun:s.example:3478" }] },
  {
    link: '<turn:t:3478?transport=udp>; rel="ice-server"; username="17:u"; credential="a\\"b,c"; credential-type="password", <stun:s>; rel=ice-server',
    servers: [{ urls: "turn:t:3478?transport=udp", username: "17:u", credential: 'a"b,c' }, { urls: "stun:s" }],
  },
])("ICE servers in $link", ({ link, servers }) => {
  expect(iceServersOf(link)).toEqual(servers);
});
