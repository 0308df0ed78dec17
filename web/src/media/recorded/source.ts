// Where players of recordings have them from: the server, unless a page says otherwise.
import type { PlayerConfig } from "../player";
import { RecordingServer, type RecordingSource } from "./server";

type SourceOf = (config: Pick<PlayerConfig, "origin" | "camera">) => RecordingSource;

/** The recordings of a player's camera. */
export let sourceOf: SourceOf = ({ origin, camera }) => new RecordingServer(origin, camera);

/** From now on players have them from elsewhere: those of an export from the files beside its page. */
export function playFrom(other: SourceOf): void {
  sourceOf = other;
}
