// The app's build: its pages, which import the player from player.js like any other page (vite.player.config.ts).
import { defineConfig, type Plugin } from "vite";
import { guides } from "./guide.ts";
import { sharedHead } from "./head.ts";

/** In the built app the player is the one file that everybody imports, not a copy of it; scripts lie in assets/ beside it. */
const playerStandsAlone: Plugin = {
  name: "player-stands-alone",
  apply: "build",
  enforce: "pre",
  resolveId: (source) => (/\/media$/.test(source) ? { id: "../player.js", external: "absolute" } : null),
};

/** The page of a set-up link is that of signing in under another title: the script tells them apart by their address. */
const setUpIsSignIn: Plugin = {
  name: "set-up-is-sign-in",
  enforce: "post",
  generateBundle(_options, bundle) {
    const page = bundle["sign-in.html"];
    if (page?.type !== "asset") throw new Error("the build has no sign-in.html to make set-up.html of");
    this.emitFile({ type: "asset", fileName: "set-up.html", source: String(page.source).replace("<title>Sign in", "<title>Set up") });
  },
};

export default defineConfig({
  // Files are named relative to the pages: a proxy may show razz in a folder.
  base: "./",
  plugins: [playerStandsAlone, sharedHead, guides, setUpIsSignIn],
  build: {
    target: "es2022",
    modulePreload: { polyfill: false },
    rolldownOptions: {
      // A file of a few hundred bytes costs more in its head than in its content: what several pages share lies in few files.
      output: {
        codeSplitting: {
          includeDependenciesRecursively: false,
          groups: [
            { name: "shared", test: /\/src\/pages\/(amounts|fieldwords|field|form|keys|scope|state)\.tsx?$/ },
            { name: "moments", test: /\/src\/pages\/playback\/(moment|recordings|words)\.ts$/ },
            // With what they import besides: left to the bundler it may end up in one page's own script, which the others would then run.
            { name: "facts", test: /\/src\/(pages\/facts|media\/backoff\.ts)/ },
          ],
        },
      },
      input: ["index.html", "alerts.html", "areas.html", "analytics.html", "camera-viewer.html", "dashboard.html", "playback.html", "settings.html", "sign-in.html", "troubleshooting.html"],
    },
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
