/** The host process's timers: its one file that touches Node's. */

/** Calls back each `ms`, for as long as the process lives. */
export function every(ms: number, callback: () => void): void {
  setInterval(callback, ms);
}
