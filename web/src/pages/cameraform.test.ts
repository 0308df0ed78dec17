import { describe, expect, test } from "vitest";
import type { CameraEdit, CameraInfo } from "../wire";
import { EMPTY, editOf, type Fields, fieldsOf } from "./cameraform";

const gate: CameraInfo = {
  id: 3, name: "Gate", stream_id: "camera3", url: "rtsp://10.0.0.5/s", detect_fps: 6, priority: 1, state: "online", transport: "udp", credentials: true, detect_from: "main", record: "always",
};

describe("a camera's form", () => {
  test("a new camera sends everything that was filled in", () => {
    expect(editOf({ ...EMPTY, url: " rtsp://h/s " }, null)).toEqual({ url: "rtsp://h/s", transport: "tcp", detect_fps: 6 });
    expect(editOf({ name: "A", url: "rtsp://h/", username: "u", password: " p ", forget: false, transport: "udp", certificate: "pinned", sub: " rtsp://h/2", from: "sub", detect: "max", priority: "2", record: "visits" }, null)).toEqual({
      name: "A", url: "rtsp://h/", username: "u", password: " p ", transport: "udp", sub_url: "rtsp://h/2", detect_from: "sub", detect_fps: "max", priority: 2, record: "visits",
    });
  });

  test.each<[Partial<Fields>, CameraEdit]>([
    [{}, {}],
    [{ name: "Door" }, { name: "Door" }],
    [{ name: "" }, { name: null }],
    [{ detect: "off" }, { detect_fps: 0 }],
    [{ detect: "2.5" }, { detect_fps: 2.5 }],
    [{ detect: "often" }, { detect_fps: -1 }],
    [{ priority: "2.5" }, { priority: 2.5 }],
    [{ priority: " " }, { priority: -1 }],
    [{ password: "new" }, { password: "new" }],
    [{ record: "off" }, { record: "off" }],
    [{ sub: "rtsp://10.0.0.5/2", from: "sub" }, { sub_url: "rtsp://10.0.0.5/2", detect_from: "sub" }],
    [{ forget: true, username: "u", password: "typed before" }, { username: null, password: null }],
    [{ transport: "tcp", url: "rtsp://10.0.0.5/t" }, { transport: "tcp", url: "rtsp://10.0.0.5/t" }],
  ])("of a camera that is there, %o sends %o", (change, sent) => {
    const before = fieldsOf(gate);
    expect(editOf({ ...before, ...change }, before)).toEqual(sent);
  });

  test("a certificate is sent of a camera over TLS alone", () => {
    const secure = fieldsOf({ ...gate, url: "rtsps://10.0.0.5/s", transport: "http", certificate: "checked" });
    expect(secure).toMatchObject({ transport: "http", certificate: "checked" });
    expect(editOf({ ...secure, certificate: " sha256:0A " }, secure)).toEqual({ certificate: "sha256:0A" });
    expect(editOf({ ...EMPTY, url: "rtsps://h/s", certificate: "checked" }, null)).toMatchObject({ certificate: "checked" });
    const plain = fieldsOf(gate);
    expect(editOf({ ...plain, certificate: "checked" }, plain)).toEqual({});
  });

  test("a smaller stream is taken out of the file where its field is emptied", () => {
    const both = fieldsOf({ ...gate, sub_url: "rtsp://10.0.0.5/2", detect_from: "sub" });
    expect(both).toMatchObject({ sub: "rtsp://10.0.0.5/2", from: "sub" });
    expect(editOf({ ...both, sub: " ", from: "main" }, both)).toEqual({ sub_url: null, detect_from: "main" });
  });

  test("a camera without detection shows it", () => {
    expect(fieldsOf({ ...gate, detect_fps: 0 }).detect).toBe("off");
    expect(fieldsOf({ ...gate, detect_fps: "max" }).detect).toBe("max");
  });
});
