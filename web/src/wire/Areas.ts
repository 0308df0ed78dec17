// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { AreaInfo } from "./AreaInfo";
import type { CameraMoved } from "./CameraMoved";

/** `GET /api/areas`. */
export type Areas = {
  /** Those of the cameras in sight. */
  areas: Array<AreaInfo>;
  /** Whether who asks may change them: there is a config file, and the right. */
  editable: boolean;
  /** Cameras that were moved since their areas were drawn, so that those are not where they were meant. */
  moved: Array<CameraMoved>;
};
