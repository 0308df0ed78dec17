import { expect, test } from "vitest";
import { frameSnippet, playerSnippet } from "./snippet";

test("every camera has its line", () => {
  expect(playerSnippet([1, 4], "view.a.b", "https://h:8443/").split("\n")).toEqual([
    '<script type="module" src="/player.js"></script>',
    '<razz-player camera="1" token="view.a.b" controls></razz-player>',
    '<razz-player camera="4" token="view.a.b" controls></razz-player>',
  ]);
  expect(playerSnippet([1], "view.a.b", "https://h/razz/")).toMatch(/^<script type="module" src="\/razz\/player\.js"><\/script>\n/);
  expect(frameSnippet([4], "view.a.b", "https://h:8083")).toBe(
    '<iframe src="https://h:8083/stream/player/camera4?token=view.a.b" allow="autoplay; fullscreen"></iframe>',
  );
});
