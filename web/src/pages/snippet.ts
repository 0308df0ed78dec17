// What is pasted into a page to show cameras by a view token.

/** Lines of HTML for a page of one origin with razz, which is at `base`: behind the same proxy, or served by razz itself. */
export function playerSnippet(cameras: readonly number[], token: string, base: string): string {
  const players = cameras.map((camera) => `<razz-player camera="${camera}" token="${token}" controls></razz-player>`);
  return [`<script type="module" src="${new URL("player.js", base).pathname}"></script>`, ...players].join("\n");
}

/** Lines of HTML for a page of any other site. `compat` is where the RTSPtoWebRTC endpoints are. */
export function frameSnippet(cameras: readonly number[], token: string, compat: string): string {
  const player = (camera: number): string => `${compat}/stream/player/camera${camera}?token=${token}`;
  return cameras.map((camera) => `<iframe src="${player(camera)}" allow="autoplay; fullscreen"></iframe>`).join("\n");
}
