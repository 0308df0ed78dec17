// The offline player's build: dist/offline/index.html, one file with everything in it. razz puts it into exports, where the
// footage lies beside it.
import { defineConfig, type Plugin } from "vite";

const PAGE = "offline.html";

/** Script and styles go into the page: opened as a file, it could load neither as a module nor from a server. */
const oneFile: Plugin = {
  name: "one-file",
  enforce: "post",
  generateBundle(_options, bundle) {
    const page = bundle[PAGE];
    if (page?.type !== "asset") throw new Error(`the build has no ${PAGE}`);
    let html = String(page.source);
    const put = (tag: RegExp, text: string): void => {
      if (!tag.test(html)) throw new Error(`${PAGE} has no place for what ${String(tag)} stands for`);
      html = html.replace(tag, () => text);
    };
    for (const [name, file] of Object.entries(bundle)) {
      if (name === PAGE) continue;
      // Where a text could end the element early it is written otherwise.
      if (file.type === "chunk") put(/<script type="module"[^>]*src=[^>]*><\/script>/, `<script type="module">${file.code.replaceAll("</script", "<\\/script")}</script>`);
      else put(/<link rel="stylesheet"[^>]*>/, `<style>${String(file.source)}</style>`);
      Reflect.deleteProperty(bundle, name);
    }
    if (/<(?:script|link)[^>]+(?:src|href)="(?!data:)/.test(html)) throw new Error(`${PAGE} loads another file`);
    Reflect.deleteProperty(bundle, PAGE);
    this.emitFile({ type: "asset", fileName: "index.html", source: html });
  },
};

/** What plays recordings is in the file too, and need not be loaded. */
const recordedWithin: Plugin = {
  name: "recorded-within",
  enforce: "pre",
  transform(code, id) {
    if (!id.endsWith("/media/recordable.ts")) return null;
    if (!code.includes('import("./recorded")')) throw new Error("the player does not load what plays recordings");
    return `import * as RECORDED from "./recorded";\n${code.replace('import("./recorded")', "Promise.resolve(RECORDED)")}`;
  },
};

export default defineConfig({
  base: "./",
  publicDir: false,
  plugins: [recordedWithin, oneFile],
  build: {
    target: "es2022",
    outDir: "dist/offline",
    modulePreload: false,
    cssCodeSplit: false,
    rolldownOptions: { input: PAGE, output: { codeSplitting: false } },
  },
});
