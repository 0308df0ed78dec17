// Locking footage, and unlocking it: what the server is asked, and what the page knows of it at once.
import type { NewLock, RecordingLock } from "../../../wire";
import { ask, type Answer } from "../../api";
import { lockOf, type Coverage, type Lock } from "../coverage";
import { BEYOND, seconds } from "../recordings";
import { coverage } from "../state";
import type { View } from "../timescale";

/** A lock and the camera it is of. */
export interface CameraLock extends Lock {
  camera: number;
}

/** The locks of these cameras that are in sight, by their beginnings. */
export function locksIn(all: Coverage, cameras: readonly number[], { from, to }: View): CameraLock[] {
  const locks = cameras.flatMap((camera) => (all.get(camera)?.locks ?? []).map((lock) => ({ ...lock, camera })));
  return locks.filter((lock) => lock.to > from && lock.from < to).sort((a, b) => a.from - b.from || a.camera - b.camera);
}

/** `all` with other locks of a camera. */
export function withLocks(all: Coverage, camera: number, change: (locks: readonly Lock[]) => readonly Lock[]): Coverage {
  const footage = all.get(camera);
  return footage ? new Map(all).set(camera, { ...footage, locks: change(footage.locks) }) : all;
}

/** Locks a span of each camera; the first refusal ends it. */
export async function lockAll(cameras: readonly number[], span: View, note: string): Promise<Answer<null>> {
  const wanted: NewLock = { from: seconds(span.from), to: seconds(span.to + BEYOND), ...(note.trim() !== "" && { note: note.trim() }) };
  for (const camera of cameras) {
    const answer = await ask<RecordingLock>(`api/recordings/${camera}/locks`, "POST", wanted);
    // Of several cameras some may have nothing there: that is no reason to lock none.
    if (!answer.ok && (answer.status !== 404 || cameras.length === 1)) return answer;
    if (answer.ok) coverage.value = withLocks(coverage.peek(), camera, (locks) => [...locks.filter(({ id }) => id !== answer.value.id), lockOf(answer.value)]);
  }
  return { ok: true, value: null };
}

/** Ends a lock; empty, or what the server said. */
export async function unlock({ camera, id }: CameraLock): Promise<string> {
  const answer = await ask<null>(`api/recordings/${camera}/locks/${id}`, "DELETE");
  if (!answer.ok && answer.status !== 404) return answer.words;
  coverage.value = withLocks(coverage.peek(), camera, (locks) => locks.filter((lock) => lock.id !== id));
  return "";
}
