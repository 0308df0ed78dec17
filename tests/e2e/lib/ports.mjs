// Ports that are free now, for programs that cannot be told to choose one themselves.

import { createServer } from "node:net";

/** So many different ones on 127.0.0.1. */
export async function freePorts(count) {
  const servers = await Promise.all(Array.from({ length: count }, () => new Promise((listening) => {
    const server = createServer().listen(0, "127.0.0.1", () => listening(server));
  })));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
  return ports;
}
