// A camera's form as values: what stands in it, and what of it is sent.
import type { CameraEdit, CameraInfo, DetectFrom, RecordMode, Transport } from "../wire";

/** What stands in the fields, as text. */
export interface Fields {
  name: string;
  url: string;
  username: string;
  password: string;
  transport: Transport;
  /** Which certificate is taken of an rtsps:// camera. */
  certificate: string;
  /** Whether the user name and password that are kept are to be forgotten. */
  forget: boolean;
  /** Address of the smaller stream; empty where there is none. */
  sub: string;
  /** Which stream is detected on. */
  from: DetectFrom;
  /** "off", "max", or a number. */
  detect: string;
  /** What it weighs while the machine has too much to do. */
  priority: string;
  /** What of it is recorded, where anything is. */
  record: RecordMode;
}

/** The fields of a new camera. */
export const EMPTY: Fields = { name: "", url: "rtsp://", username: "", password: "", forget: false, transport: "tcp", certificate: "pinned", sub: "", from: "main", detect: "6", priority: "1", record: "always" };

/** The fields of a camera as it is. Credentials are never told, so theirs are empty. */
export function fieldsOf(camera: CameraInfo): Fields {
  const { name, url, transport, certificate = "pinned", sub_url: sub = "", detect_from: from, detect_fps: fps, priority, record } = camera;
  return { name, url, username: "", password: "", forget: false, transport, certificate, sub, from, detect: fps === 0 ? "off" : String(fps), priority: String(priority), record };
}

/** Whether the camera is reached over TLS. */
export const isEncrypted = (fields: Fields): boolean => /^\s*rtsps:/i.test(fields.url);

/** What to send: all of a new camera, of another what differs from `before`. */
export function editOf(fields: Fields, before: Fields | null): CameraEdit {
  const edit: CameraEdit = {};
  const differs = (key: Exclude<keyof Fields, "forget">): boolean => fields[key].trim() !== before?.[key].trim();
  if (differs("name") && (before !== null || fields.name.trim() !== "")) edit.name = fields.name.trim() || null;
  if (differs("url")) edit.url = fields.url.trim();
  if (fields.forget) Object.assign(edit, { username: null, password: null });
  else {
    if (fields.username.trim() !== "") edit.username = fields.username.trim();
    if (fields.password !== "") edit.password = fields.password;
  }
  if (differs("transport")) edit.transport = fields.transport;
  if (isEncrypted(fields) && (before ?? EMPTY).certificate !== fields.certificate.trim()) edit.certificate = fields.certificate.trim();
  const was = before ?? EMPTY;
  if (was.sub !== fields.sub.trim()) edit.sub_url = fields.sub.trim() || null;
  if (was.from !== fields.from) edit.detect_from = fields.from;
  if (differs("detect")) edit.detect_fps = rateOf(fields.detect);
  if (was.priority !== fields.priority.trim()) edit.priority = numberOf(fields.priority);
  if (was.record !== fields.record) edit.record = fields.record;
  return edit;
}

/** A rate as the server takes it; what is no number goes as it is, and the server says what is wrong. */
function rateOf(text: string): number | "max" {
  const word = text.trim().toLowerCase();
  if (word === "off" || word === "") return 0;
  if (word === "max") return "max";
  return numberOf(word);
}

/** -1 for what is none, which the server does not take. */
function numberOf(text: string): number {
  const number = text.trim() === "" ? NaN : Number(text);
  return Number.isFinite(number) ? number : -1;
}
