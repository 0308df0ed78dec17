// Written from the structs in crates/server/src/wire; what is changed here is overwritten.

export type { CameraInfo } from "./CameraInfo";
export type { CameraProbe } from "./CameraProbe";
export type { CameraState } from "./CameraState";
export type { CameraStatus } from "./CameraStatus";
export type { Delivery } from "./Delivery";
export type { DetectFps } from "./DetectFps";
export type { FirstPacket } from "./FirstPacket";
export type { FrameRates } from "./FrameRates";
export type { KeyProblem } from "./KeyProblem";
export type { Latency } from "./Latency";
export type { Me } from "./Me";
export type { ModelState } from "./ModelState";
export type { Ping } from "./Ping";
export type { Pong } from "./Pong";
export type { Problem } from "./Problem";
export type { Role } from "./Role";
export type { Stats } from "./Stats";
export type { TokenInfo } from "./TokenInfo";
export type { TrackEntry } from "./TrackEntry";
export type { TrackMessage } from "./TrackMessage";
export type { TrackSource } from "./TrackSource";
export type { TrackState } from "./TrackState";
export type { TrackStats } from "./TrackStats";
export type { UserInfo } from "./UserInfo";
export type { ViewToken } from "./ViewToken";
export type { Way } from "./Way";
