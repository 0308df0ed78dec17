// The player's build: one ES module under a fixed name, beside what the app's build left in dist.
import { defineConfig } from "vite";

export default defineConfig({
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
