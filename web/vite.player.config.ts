// The player's build: one ES module under a fixed name, beside what the app's build left in dist.
import { defineConfig, type Plugin } from "vite";

/** A style sheet in a string is text to the minifier: the spaces that only people need are taken out of it here. */
const tightStyle: Plugin = {
  name: "tight-style",
  transform: (code, id) => (id.endsWith("/media/style.ts") ? code.replace(/(?<=`)[^`]+(?=`)/, (css) => css.trim().replace(/\n\s*/g, "").replace(/\s*([{};,])\s*/g, "$1").replace(/: /g, ":")) : null),
};

export default defineConfig({
  plugins: [tightStyle],
  publicDir: false,
  build: {
    target: "es2022",
    emptyOutDir: false,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: "src/media/index.ts",
      preserveEntrySignatures: "strict",
      output: { entryFileNames: "player.js" },
    },
  },
});
