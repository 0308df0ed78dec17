// The player's build: one ES module under a fixed name, beside what the app's build left in dist; and what plays
// recordings, which that module loads when it is to play one.
import { build, defineConfig, type InlineConfig, type Plugin } from "vite";

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
const OWN = /^(?:[a-z]\w*Ms|on[A-Z]\w*|picture|classes|minConfidence|percentiles|boxSize|awaitsTracks|waitOf|replacePicture|note[A-Z]\w*|forgetEdge|lookupAbout|setFilter|setOptions|setOpaque|setView|setMode|setHoldLimit|reserve|presented|arrived|newest|retryNow|checkNow|serverReport|update|sample|failure|freeze|admit|lookup|fresh|updatePanels|pictureArea|keepsSize|setQuality|proportions|stored|recent|running|floating|surface|poster|isLoading|recordingChanged|loadRecorded|leaveRecording)$/;
const PUBLIC = /^(?:nearMs|skewMs|skewsMs|boxCostMs|detectionMs|holdMs|holdLimitMs|jitterBufferTargetMs|playoutMs|clockOffsetMs|jitterBufferMs|roundTripMs)$/;

/** The build of one module into dist, where names that were shortened before are shortened to the same again. */
const moduleBuild = (input: string, entryFileNames: string, shortened: Record<string, string | false>): InlineConfig => ({
  configFile: false,
  publicDir: false,
  build: {
    target: "es2022",
    emptyOutDir: false,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input,
      preserveEntrySignatures: "strict",
      optimization: { inlineConst: { mode: "all", pass: 3 } },
      output: {
        entryFileNames,
        // As `const`, numbers with a name cost no more than those without.
        topLevelVar: false,
        minify: { mangleProps: { include: OWN, exclude: PUBLIC, cache: shortened } },
      },
    },
  },
});

/**
 * What plays recordings lies in assets/: from there razz gives files to every page that may have the player. Until the
 * bundle is written the import goes by another name, or Vite would put a kilobyte around it to preload styles that there
 * are not.
 */
const recordedApart = (file: string): Plugin => ({
  name: "recorded-apart",
  enforce: "pre",
  transform: (code, id) => (id.endsWith("/media/recordable.ts") ? code.replace('import("./recorded")', `IMPORTED("./${file}")`) : null),
  generateBundle(_options, bundle) {
    const player = bundle["player.js"];
    if (player?.type !== "chunk" || !player.code.includes("IMPORTED(")) throw new Error("the player does not load what plays recordings");
    player.code = player.code.replace("IMPORTED(", "import(");
  },
});

export default defineConfig(async () => {
  // Objects go from one to the other: a name that is shortened in both has to become the same.
  const built = await build(moduleBuild("src/media/recorded/index.ts", "assets/recorded-[hash].js", {}));
  if (!("output" in built)) throw new Error("the build of what plays recordings gave no file");
  const { mangleCache = {} } = built as { mangleCache?: Record<string, string | false> };
  const player = moduleBuild("src/media/index.ts", "player.js", mangleCache);
  return { ...player, plugins: [tightStyle, recordedApart(built.output[0].fileName)] };
});
