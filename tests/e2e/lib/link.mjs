// A network path as a relay over UDP: between a browser and razz stands a link of so many bits a second with a queue in
// front of it that drops what does not fit, a delay, jitter and loss. It is the same on every machine, whatever that
// allows its programs to do to its network.

import dgram from "node:dgram";

/** A path that nothing is wrong with. */
export const WIDE = { kbps: 20_000, delayMs: 25, jitterMs: 0, loss: 0, queueMs: 300 };
/** The least that fits into the queue of a link, in bytes. */
const LEAST_QUEUE = 20_000;

/** Numbers from 0 to 1 that are the same for a seed (xorshift32). */
function random(seed) {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** One way over the link. */
class Way {
  constructor(path, dice, deliver) {
    Object.assign(this, { path, dice, deliver, busyUntil: 0, last: 0, under: [], dropped: 0, lost: 0, late: [], timer: undefined });
  }

  push(datagram, now = performance.now()) {
    const { kbps, delayMs, jitterMs, loss, queueMs } = this.path;
    if (this.dice() < loss) {
      this.lost += 1;
      return;
    }
    const bytes = datagram.length + 28;
    const waiting = Math.max(0, this.busyUntil - now) * kbps / 8;
    if (waiting + bytes > Math.max(LEAST_QUEUE, queueMs * kbps / 8)) {
      this.dropped += 1;
      return;
    }
    this.busyUntil = Math.max(now, this.busyUntil) + (8 * bytes) / kbps;
    // Networks jitter and seldom reorder.
    this.last = Math.max(this.last, this.busyUntil + delayMs + jitterMs * this.dice());
    this.under.push({ at: this.last, datagram });
    this.wait();
  }

  wait() {
    if (this.timer !== undefined || this.under.length === 0) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      const now = performance.now();
      while (this.under.length > 0 && this.under[0].at <= now + 0.5) {
        const { at, datagram } = this.under.shift();
        this.late.push(now - at);
        this.deliver(datagram);
      }
      this.wait();
    }, Math.max(0, this.under[0].at - performance.now()));
  }

  stop() {
    clearTimeout(this.timer);
    this.under.length = 0;
    this.timer = undefined;
  }
}

/** A relay to `server` (`host:port`); whatever sends to its `port` has a path of its own. */
export class Link {
  static async open(server, path = WIDE, seed = 1) {
    const link = new Link();
    const [host, port] = server.split(":");
    Object.assign(link, { host, to: Number(port), path: { ...WIDE, ...path }, dice: random(seed), clients: new Map() });
    link.socket = dgram.createSocket("udp4");
    link.socket.on("message", (datagram, from) => link.client(from).up.push(datagram));
    await new Promise((done) => link.socket.bind(0, "127.0.0.1", done));
    link.port = link.socket.address().port;
    return link;
  }

  client(from) {
    const name = `${from.address}:${from.port}`;
    let client = this.clients.get(name);
    if (!client) {
      const socket = dgram.createSocket("udp4");
      const up = new Way({ ...this.path, kbps: WIDE.kbps }, this.dice, (datagram) => socket.send(datagram, this.to, this.host));
      const down = new Way(this.path, this.dice, (datagram) => this.socket.send(datagram, from.port, from.address));
      socket.on("message", (datagram) => down.push(datagram));
      client = { socket, up, down };
      this.clients.set(name, client);
    }
    return client;
  }

  /** The link is another one from now on; what is under way stays so. */
  set(path) {
    Object.assign(this.path, path);
    for (const { up } of this.clients.values()) Object.assign(up.path, this.path, { kbps: WIDE.kbps });
  }

  /** Datagrams that the queue towards the browser had no room for, and those that were lost by chance. */
  get counts() {
    const ways = [...this.clients.values()].map(({ down }) => down);
    const sum = (key) => ways.reduce((all, way) => all + way[key], 0);
    return { dropped: sum("dropped"), lost: sum("lost") };
  }

  /**
   * By how much of 100 datagrams 95 were at most later than the path would have had them, in ms: a machine that is busy
   * with other things jitters, and stands for another path than the one that was asked for.
   */
  get lateMs() {
    const late = [...this.clients.values()].flatMap(({ up, down }) => [...up.late, ...down.late]).sort((a, b) => a - b);
    return late[Math.floor(0.95 * late.length)] ?? 0;
  }

  /** Has a Playwright page reach razz over this link: its answers name the relay in place of razz. */
  async between(page) {
    await page.route("**/whep/*", async (route) => {
      if (route.request().method() !== "POST") return route.fallback();
      const response = await route.fetch();
      const answer = await response.text();
      // Of the candidates one is left, and it is the relay's.
      const lines = answer.split("\r\n").filter((line) => !/^a=candidate:.* tcp /i.test(line));
      const body = lines.map((line) => line.replace(/^(a=candidate:\S+ \d+ udp \d+) \S+ \d+ /i, `$1 127.0.0.1 ${this.port} `)).join("\r\n");
      return route.fulfill({ response, body });
    });
  }

  close() {
    this.socket.close();
    for (const { socket, up, down } of this.clients.values()) {
      up.stop();
      down.stop();
      socket.close();
    }
  }
}
