// The app's build: its pages, which import the player from /player.js like any other page (vite.player.config.ts).
import { defineConfig, type Plugin } from "vite";
import { guides } from "./guide";

/** In the built app the player is the one file that everybody imports, not a copy of it. */
const playerStandsAlone: Plugin = {
  name: "player-stands-alone",
  apply: "build",
  enforce: "pre",
  resolveId: (source) => (/\/media$/.test(source) ? { id: "/player.js", external: "absolute" } : null),
};

export default defineConfig({
  plugins: [playerStandsAlone, guides],
  build: {
    target: "es2022",
    modulePreload: { polyfill: false },
    rolldownOptions: { input: ["index.html", "camera-viewer.html", "dashboard.html", "settings.html", "set-up.html", "sign-in.html", "troubleshooting.html"] },
  },
  // `npm run dev` beside a running razz.
  server: {
    proxy: {
      "/api": "http://127.0.0.1:8003",
      "/whep": "http://127.0.0.1:8003",
      "/ws": { target: "ws://127.0.0.1:8003", ws: true },
    },
  },
});
