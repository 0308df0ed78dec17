// An OpenTelemetry collector: takes OTLP over HTTP and reads as much of the protobuf as the tests ask about.

import { createServer } from "node:http";

/** The fields of a protobuf message: number → values; a length-delimited one is a Buffer. */
function fields(message) {
  const found = new Map();
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[at++];
      if (byte === undefined) throw new Error("the message breaks off");
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  const bytes = (length) => {
    if (at + length > message.length) throw new Error("the message breaks off");
    at += length;
    return message.subarray(at - length, at);
  };
  while (at < message.length) {
    const tag = Number(varint());
    const value = { 0: varint, 1: () => bytes(8).readBigUInt64LE(), 2: () => bytes(Number(varint())), 5: () => bytes(4) }[tag & 7]();
    found.set(tag >> 3, [...(found.get(tag >> 3) ?? []), value]);
  }
  return found;
}

const one = (message, number) => message.get(number)?.[0];
const text = (buffer) => buffer?.toString("utf8") ?? "";

/** `opentelemetry.proto.common.v1.KeyValue`s as an object. */
function attributes(list = []) {
  return Object.fromEntries(list.map((pair) => {
    const named = fields(pair);
    const value = fields(one(named, 2));
    const [string, bool, int] = [1, 2, 3].map((kind) => one(value, kind));
    return [text(one(named, 1)), string ? text(string) : bool !== undefined ? bool === 1n : int !== undefined ? Number(BigInt.asIntN(64, int)) : undefined];
  }));
}

/** The spans of an `ExportTraceServiceRequest`, each with its resource's attributes. */
function spans(body) {
  return (fields(body).get(1) ?? []).flatMap((ofResource) => {
    const resource = attributes(fields(one(fields(ofResource), 1)).get(1));
    return (fields(ofResource).get(2) ?? []).flatMap((ofScope) => (fields(ofScope).get(2) ?? []).map((raw) => {
      const span = fields(raw);
      return {
        resource,
        trace: one(span, 1).toString("hex"),
        id: one(span, 2).toString("hex"),
        parent: one(span, 4)?.toString("hex") ?? "",
        name: text(one(span, 5)),
        begun: one(span, 7),
        ended: one(span, 8),
        attributes: attributes(span.get(9)),
      };
    }));
  });
}

/** A collector on `port` (0: any); `treat` answers a status, or undefined to hang. */
export async function collector(world, port = 0, treat = () => 200) {
  const came = { requests: [], spans: [], wrong: [] };
  const server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      came.requests.push({ method: request.method, path: request.url, headers: request.headers });
      const status = treat();
      if (status === undefined) return;
      try {
        if (status === 200) came.spans.push(...spans(Buffer.concat(chunks)));
      } catch (error) {
        came.wrong.push(error);
      }
      response.writeHead(status, { "content-type": "application/x-protobuf" }).end();
    });
  });
  await new Promise((done) => server.listen(port, "127.0.0.1", done));
  const close = () => (server.closeAllConnections(), server.close());
  world.keep({ close });
  return Object.assign(came, { port: server.address().port, close });
}
