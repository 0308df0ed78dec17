// Puts what the heads of all pages share into them, in the built app and under `npm run dev`.
import type { Plugin } from "vite";

const PLACE = "<!-- head -->";
const FILE = decodeURIComponent(new URL("head.html", import.meta.url).pathname);
let head = "";

/** Replaces `<!-- head -->` by `head.html`, before Vite looks for what a page links to. */
export const sharedHead: Plugin = {
  name: "shared-head",
  async buildStart() {
    this.addWatchFile(FILE);
    head = (await this.fs.readFile(FILE, { encoding: "utf8" })).trim();
  },
  transformIndexHtml: {
    order: "pre",
    handler(html, { filename }) {
      if (!html.includes(PLACE)) throw new Error(`${filename} has no place for the shared head: ${PLACE}`);
      return html.replace(PLACE, () => head);
    },
  },
};
