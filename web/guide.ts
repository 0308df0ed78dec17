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
  let section = "";
  return marked
    .parse(markdown, { async: false })
    .replace(/<h([12])>(.*?)<\/h\1>|<table>.*?<\/table>/gs, (all, level?: string, words?: string) => {
      if (level === undefined || words === undefined) return table(all, section);
      section = words;
      return `<h${level} id="${anchor(words)}">${words}</h${level}>`;
    });
}

/**
 * A table that scrolls where it is too wide; on a phone the style sheet sets its cells one below the other, each behind
 * the name of its column. Roles say that it is a table even then.
 */
function table(html: string, section: string): string {
  const names = [...html.matchAll(/<th>(.*?)<\/th>/gs)].map(([, name]) => name ?? "");
  const cells = html
    .replace(/<tr>.*?<\/tr>/gs, (row) => {
      let at = 0;
      return row.replace(/<td>/g, () => {
        const name = names[at++] ?? "";
        return `<td role="cell" data-name="${name}">`;
      });
    })
    .replace(/<tr>/g, '<tr role="row">')
    .replace(/<(thead|tbody)>/g, '<$1 role="rowgroup">')
    .replace(/<th>/g, '<th role="columnheader" scope="col">')
    .replace("<table>", '<table role="table">');
  return `<div class="scroll guide" tabindex="0" role="region" aria-label="Checks: ${section}">${cells}</div>`;
}

function anchor(words: string): string {
  return words.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
}
