// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { AlertInfo } from "./AlertInfo";
import type { AreaNow } from "./AreaNow";
import type { FactRow } from "./FactRow";

/** What `/ws/facts` sends. */
export type FactMessage = { "type": "now";
/** They. */
areas: Array<AreaNow>, } | { "type": "fact";
/** It. */
fact: FactRow;
/** It turned out to be wrong. */
retracted: boolean, } | { "type": "alert";
/** It. */
alert: AlertInfo;
};
