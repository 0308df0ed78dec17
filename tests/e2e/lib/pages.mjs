// Serves the tests' own pages from an origin of their own.

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { once } from "node:events";
import path from "node:path";
import { ROOT } from "./paths.mjs";

/** A server of `pages/` on a port of the system's choice; `url(file)` and `close()`. */
export async function servePages() {
  const server = createServer(async (request, response) => {
    const name = path.basename(new URL(request.url, "http://pages").pathname);
    try {
      const body = await readFile(path.join(ROOT, "tests/e2e/pages", name));
      response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: (file) => `http://127.0.0.1:${server.address().port}/${file}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
