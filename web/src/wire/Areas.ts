// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { AreaInfo } from "./AreaInfo";

/** `GET /api/areas`. */
export type Areas = {
  /** Those of the cameras in sight. */
  areas: Array<AreaInfo>;
  /** Whether who asks may change them: there is a config file, and the right. */
  editable: boolean;
};
