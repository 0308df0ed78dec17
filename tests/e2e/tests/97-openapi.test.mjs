// What the API answers is what its OpenAPI document says.

import assert from "node:assert/strict";
import path from "node:path";
import { clip } from "../lib/paths.mjs";
import { scenario } from "../lib/scenario.mjs";
import { until } from "../lib/wait.mjs";

/** What of `value` does not fit `schema`, as paths; keys that the schema does not know count too. */
function misfits(document, schema, value, at = "$") {
  if (schema.$ref) return misfits(document, schema.$ref.slice(2).split("/").reduce((one, key) => one[key], document), value, at);
  if (value === null) return schema.nullable ? [] : [`${at} is null`];
  if (schema.allOf) return schema.allOf.flatMap((one) => misfits(document, one, value, at));
  if (schema.oneOf) return schema.oneOf.some((one) => misfits(document, one, value, at).length === 0) ? [] : [`${at} is none of its kinds`];
  if (schema.enum && !schema.enum.includes(value)) return [`${at} is ${JSON.stringify(value)}`];
  const kind = Array.isArray(value) ? "array" : typeof value;
  if (schema.type && schema.type !== kind && !(schema.type === "integer" && Number.isInteger(value))) return [`${at} is ${kind}`];
  if (kind === "array") {
    if (value.length < (schema.minItems ?? 0) || value.length > (schema.maxItems ?? Infinity)) return [`${at} has ${value.length} items`];
    return value.flatMap((item, n) => misfits(document, schema.items ?? {}, item, `${at}[${n}]`));
  }
  if (kind !== "object") return [];
  const { properties = {}, required = [], additionalProperties } = schema;
  const missing = required.filter((key) => !(key in value)).map((key) => `${at}.${key} is missing`);
  return missing.concat(Object.entries(value).flatMap(([key, inner]) => {
    const known = properties[key] ?? (typeof additionalProperties === "object" ? additionalProperties : undefined);
    if (!known) return schema.properties ? [`${at}.${key} is not described`] : [];
    return misfits(document, known, inner, `${at}.${key}`);
  }));
}

scenario("every GET answers as its OpenAPI document says", {}, async (world) => {
  const camera = await world.camera({ one: `clip:${clip("street")}` });
  const razz = await world.serve({
    detector: { model: "demo", classes: [], engine: "rten" },
    record: { path: path.join(world.folder, "footage"), keep_free: "0B" },
    camera: [{ id: 1, name: "Gate", url: camera.url("one"), detect_fps: 5 }, { id: 2, url: "rtsp://127.0.0.1:9/none", detect_fps: 0 }],
  });
  await razz.untilState(1, "online");
  await until("detections", async () => (await razz.status(1)).fps.detected > 1, { seconds: 60 });
  await until("footage", async () => (await razz.json("/api/recordings?camera=1")).cameras[0].bytes > 0, { seconds: 30 });
  await until("ready", async () => (await fetch(razz.at("/readyz"))).ok);
  const document = await razz.json("/api/openapi.json");
  assert.match(document.openapi, /^3\.0\./);

  let looked = 0;
  for (const [named, { get, servers }] of Object.entries(document.paths)) {
    // A WebSocket, and what access control is about, is tested elsewhere.
    if (!get || servers || named.startsWith("/ws/") || get.tags.includes("access")) continue;
    for (const id of [1, 2, 99]) {
      // Without what has to be asked for the answer is an error, which is described as well.
      const now = Date.now() / 1000;
      const asked = { from: now - 600, to: now, at: now - 1 };
      const wanted = (get.parameters ?? []).map((one) => (one.$ref ? document.components.parameters[one.$ref.split("/").at(-1)] : one));
      const query = wanted.filter((one) => one.in === "query" && one.required).map(({ name }) => `${name}=${asked[name]}`);
      const route = named.replace("{camera}", String(id)) + (query.length > 0 && id !== 2 ? `?${query.join("&")}` : "");
      const response = await fetch(razz.at(route));
      const said = get.responses[response.status] ?? get.responses.default;
      assert.ok(said, `${route} answers ${response.status}, which is not described`);
      const answer = said.$ref ? said.$ref.slice(2).split("/").reduce((one, key) => one[key], document) : said;
      const media = response.headers.get("content-type").split(";")[0];
      assert.ok(answer.content[media], `${route} answers with ${media}`);
      for (const header of Object.keys(answer.headers ?? {})) assert.ok(response.headers.has(header), `${route} has no ${header}`);
      if (media.endsWith("json")) assert.deepEqual(misfits(document, answer.content[media].schema, await response.json()), [], route);
      looked += 1;
      if (!named.includes("{")) break;
    }
  }
  assert.ok(looked >= 30, `${looked} answers looked at`);
});
