// Alerts as they come in and change.
import type { AlertInfo } from "../../wire";

/** `alerts`, the newest first, with one that came or changed. */
export function withAlert(alerts: readonly AlertInfo[], alert: AlertInfo): AlertInfo[] {
  if (alerts.some(({ id }) => id === alert.id)) return alerts.map((one) => (one.id === alert.id ? alert : one));
  const at = alerts.findIndex(({ since }) => since.unix <= alert.since.unix);
  return at === -1 ? [...alerts, alert] : [...alerts.slice(0, at), alert, ...alerts.slice(at)];
}

/** Whether somebody has to look at it: it is firing, or nobody has seen to it. */
export function isOpen({ state, acknowledged_at: seen }: AlertInfo): boolean {
  return state === "firing" || seen === null;
}
