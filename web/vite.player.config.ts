// The player's build: one ES module under a fixed name, beside what the app's build left in dist.
import { defineConfig, type Plugin } from "vite";

/** A style sheet in a string is text to the minifier: the spaces that only people need are taken out of it here. */
const tightStyle: Plugin = {
  name: "tight-style",
  transform: (code, id) => (id.endsWith("/media/style.ts") ? code.replace(/(?<=`)[^`]+(?=`)/, (css) => css.trim().replace(/\n\s*/g, "").replace(/\s*([{};,])\s*/g, "$1").replace(/: /g, ":")) : null),
};

/**
 * Names of properties that are the player's own: the build makes one letter of each. None of them may name anything that
 * the player reads of the browser or the server, or hands to a page. `PUBLIC` are the exceptions; that they, and all else
 * that pages read, keep their names is checked in `scripts/budget.mjs`.
 */
const OWN = /^(?:[a-z]\w*Ms|on[A-Z]\w*|picture|classes|minConfidence|percentiles|boxSize|awaitsTracks|waitOf|replacePicture|note[A-Z]\w*|forgetEdge|lookupAbout|setFilter|setOptions|setOpaque|setView|setMode|setHoldLimit|reserve|presented|arrived|newest|retryNow|checkNow|serverReport|update|sample|failure|freeze|admit|lookup|fresh|updatePanels|pictureArea|keepsSize|setQuality|proportions|stored|recent|running|floating|surface|poster)$/;
const PUBLIC = /^(?:nearMs|skewMs|skewsMs|boxCostMs|detectionMs|holdMs|holdLimitMs|jitterBufferTargetMs|playoutMs|clockOffsetMs|jitterBufferMs|roundTripMs)$/;

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
      optimization: { inlineConst: { mode: "all", pass: 3 } },
      output: {
        entryFileNames: "player.js",
        // As `const`, numbers with a name cost no more than those without.
        topLevelVar: false,
        minify: { mangleProps: { include: OWN, exclude: PUBLIC } },
      },
    },
  },
});
