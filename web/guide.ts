// Puts the words of docs/guide into the pages at build time, so that app and repository say the same.
import { marked } from "marked";
import type { Plugin } from "vite";

/** Files of docs/guide that pages have a place for, as `<!-- guide: FILE.md -->`. */
const FILES = ["troubleshooting.md"];
const pages = new Map<string, string>();

/** Replaces each such comment by the HTML of its file; headings get ids to link to. */
export const guides: Plugin = {
  name: "guides",
  async buildStart() {
    for (const file of FILES) {
      const path = decodeURIComponent(new URL(`../docs/guide/${file}`, import.meta.url).pathname);
      this.addWatchFile(path);
      pages.set(`<!-- guide: ${file} -->`, asHtml(await this.fs.readFile(path, { encoding: "utf8" })));
    }
  },
  transformIndexHtml: (html) => [...pages].reduce((all, [place, page]) => all.replace(place, () => page), html),
};

function asHtml(markdown: string): string {
  return marked
    .parse(markdown, { async: false })
    .replace(/<h([12])>(.*?)<\/h\1>/g, (_all, level: string, words: string) => `<h${level} id="${anchor(words)}">${words}</h${level}>`)
    .replace(/<table>/g, '<div class="scroll" tabindex="0" role="region" aria-label="Checks"><table>')
    .replace(/<\/table>/g, "</table></div>")
    .replace(/<th>/g, '<th scope="col">');
}

function anchor(words: string): string {
  return words.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
}
