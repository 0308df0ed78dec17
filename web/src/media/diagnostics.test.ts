// The browser's report, reduced to what helps.
import { expect, test } from "vitest";
import { connectionFigures } from "./diagnostics";

const report = (bytes: number, atMs: number): [string, unknown][] => [
  ["in", { type: "inbound-rtp", kind: "video", transportId: "t", codecId: "c", bytesReceived: bytes, timestamp: atMs, packetsLost: 3, jitterBufferDelay: 4.5, jitterBufferEmittedCount: 30 }],
  ["c", { type: "codec", mimeType: "video/H264" }],
  ["t", { type: "transport", selectedCandidatePairId: "p" }],
  ["other", { type: "candidate-pair", currentRoundTripTime: 9 }],
  ["p", { type: "candidate-pair", localCandidateId: "l", remoteCandidateId: "r", currentRoundTripTime: 0.002 }],
  ["l", { type: "local-candidate", protocol: "udp", address: "10.0.0.7", port: 50123, candidateType: "host" }],
  ["r", { type: "remote-candidate", protocol: "udp", address: "10.0.0.5", port: 8189, candidateType: "host" }],
];

test("figures of a connection", () => {
  const first = connectionFigures(report(100_000, 1_000), null);
  expect(first.figures).toMatchObject({ bitrateKbps: null, packetsLost: 3, jitterBufferMs: 150, roundTripMs: 2, codec: "video/H264" });
  expect(first.figures.icePair).toBe("udp 10.0.0.7:50123 → 10.0.0.5:8189 (host, host)");
  expect(connectionFigures(report(350_000, 2_000), first.received).figures.bitrateKbps).toBe(2_000);
});

test("another session counts from nothing: no bitrate, and none below nothing", () => {
  const { received } = connectionFigures(report(350_000, 2_000), null);
  const next = connectionFigures(report(10_000, 3_000), received);
  expect(next.figures.bitrateKbps).toBeNull();
  expect(connectionFigures(report(135_000, 4_000), next.received).figures.bitrateKbps).toBe(1_000);
});

test("a browser that hides addresses", () => {
  const hidden = report(0, 0).map(([id, entry]): [string, unknown] => [id, id === "l" ? { ...(entry as object), address: "" } : entry]);
  expect(connectionFigures(hidden, null).figures.icePair).toBe("udp ?:50123 → 10.0.0.5:8189 (host, host)");
});

test("a report without a connection says nothing", () => {
  const { figures, received } = connectionFigures([], null);
  expect(received).toBeNull();
  expect(Object.values(figures).every((value) => value === null)).toBe(true);
});
