// An address that is told what happens, and keeps it.

import { createServer } from "node:http";

/** Who takes webhooks; `treat(n)` answers the status of the n-th request, or undefined to hang. */
export async function receiver(world, treat = () => 204) {
  const came = [];
  const server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      came.push({ headers: request.headers, body: Buffer.concat(chunks), path: request.url });
      const status = treat(came.length);
      if (status) response.writeHead(status).end();
    });
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  world.keep({ close: () => (server.closeAllConnections(), server.close()) });
  return { came, url: `http://127.0.0.1:${server.address().port}/hook?token=hunter2` };
}
