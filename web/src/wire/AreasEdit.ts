// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { AreaEdit } from "./AreaEdit";

/** `PUT /api/areas/{camera}`: all areas of the camera. */
export type AreasEdit = {
  /** Those that are not among them are gone. */
  areas: Array<AreaEdit>;
};
