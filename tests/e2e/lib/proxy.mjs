// Real reverse proxies with the blocks that docs/guide/reverse-proxy.md has to paste.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import path from "node:path";
import { authority } from "./broker.mjs";
import { Missing } from "./camera.mjs";
import { ROOT } from "./paths.mjs";
import { freePorts } from "./ports.mjs";
import { until } from "./wait.mjs";

/** The host name in the guide's blocks. */
export const NAME = "cameras.example.org";

const GUIDE = path.join(ROOT, "docs/guide/reverse-proxy.md");
const program = (name) => ["/usr/sbin", "/usr/local/sbin", "/usr/bin", "/usr/local/bin"].map((folder) => path.join(folder, name)).find(existsSync);
const NGINX = program("nginx");
const CADDY = program("caddy");

/** The block under a heading of the guide, by its language. */
function block(heading, language) {
  const text = readFileSync(GUIDE, "utf8");
  const section = text.split(/^#+ /m).find((part) => part.startsWith(`${heading}\n`));
  const found = new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, "m").exec(section ?? "");
  if (!found) throw new Error(`the guide has no block of ${language} under "${heading}"`);
  return found[1];
}

/** `text` with each of these words in it replaced. What is not there is a mistake of the test. */
function adapted(text, words) {
  return Object.entries(words).reduce((all, [from, to]) => {
    if (!all.includes(from)) throw new Error(`the guide's block has no ${from}:\n${text}`);
    return all.replaceAll(from, to);
  }, text);
}

/** Starts a proxy and waits until it takes connections. It is asked to end: killed, nginx would leave its workers behind. */
async function started(world, port, ...program) {
  const child = world.program(...program);
  world.keep({ close: () => child.stop() });
  const taken = () => new Promise((done, failed) => {
    const socket = connect(port, "127.0.0.1", () => done(true));
    socket.on("error", failed);
    socket.on("connect", () => socket.destroy());
  });
  await until(`${child.name} to listen at ${port}`, () => !child.running || taken(), { seconds: 20 });
  if (!child.running) throw new Error(`${child.name} ended:\n${child.tail()}`);
}

/** nginx with a block of the guide (`what` as in its heading) before razz at `razz`; answers the port. `edits` replaces lines of it. */
export async function nginx(world, what, razz, edits = {}) {
  if (!NGINX) throw new Missing("there is no nginx here: run make setup");
  const [port] = await freePorts(1);
  const folder = path.join(world.folder, `nginx-${port}`);
  mkdirSync(folder);
  const pair = authority(folder, "proxy");
  const words = block(`nginx: ${what}`, "nginx");
  let server = adapted(words, { "127.0.0.1:8003": razz, ...edits });
  if (server.startsWith("location")) {
    server = `server {\nlisten 443 ssl;\nserver_name ${NAME};\nssl_certificate /etc/ssl/${NAME}.pem;\nssl_certificate_key /etc/ssl/${NAME}.key;\n${server}}\n`;
  }
  server = server.includes("listen 443 ssl;")
    ? adapted(server, { "listen 443 ssl;": `listen 127.0.0.1:${port} ssl;`, [`/etc/ssl/${NAME}.pem`]: pair.cert, [`/etc/ssl/${NAME}.key`]: pair.key })
    : adapted(server, { "listen 8080;": `listen 127.0.0.1:${port};` });
  const spools = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${folder}/${kind};`);
  const file = path.join(folder, "nginx.conf");
  // Started by root its workers would change to a user who cannot read this folder.
  writeFileSync(file, `${process.getuid() === 0 ? "user root;\n" : ""}daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr warn;
events { worker_connections 256; }
http {
access_log off;
${spools.join("\n")}
${block("nginx", "nginx")}
${server}
}
`);
  await started(world, port, "nginx", NGINX, ["-p", folder, "-c", file, "-e", "stderr"]);
  return port;
}

/** The same with Caddy. */
async function caddy(world, what, razz) {
  if (!CADDY) throw new Missing("there is no caddy here: run make setup");
  const [port] = await freePorts(1);
  const folder = path.join(world.folder, `caddy-${port}`);
  mkdirSync(folder);
  const pair = authority(folder, "proxy");
  const words = adapted(block(`Caddy: ${what}`, "caddyfile"), { "127.0.0.1:8003": razz });
  const site = words.startsWith("http://")
    ? adapted(words, { [`http://${NAME}:8080 {`]: `http://${NAME}:${port} {` })
    : adapted(words, { [`${NAME} {`]: `https://${NAME}:${port} {\n\ttls ${pair.cert} ${pair.key}` });
  const file = path.join(folder, "Caddyfile");
  writeFileSync(file, `{\n\tadmin off\n\tauto_https disable_redirects\n\tdefault_bind 127.0.0.1\n\tgrace_period 1s\n}\n${site}`);
  const homes = { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
  await started(world, port, "caddy", CADDY, ["run", "--config", file, "--adapter", "caddyfile"], homes);
  return port;
}

/** The proxies by name: each starts one, `(world, what, razz) => port`. */
export const PROXIES = { nginx, Caddy: caddy };
