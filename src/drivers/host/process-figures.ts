/** What the process of a host uses, for its metrics. */

/** As it is now. */
export type ProcessFigures = {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
  readonly upSeconds: number;
};

/** Of this process. */
export function processFigures(): ProcessFigures {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  return {
    cpuSeconds: (user + system) / 1e6,
    residentBytes: rss,
    heapBytes: heapUsed,
    upSeconds: process.uptime(),
  };
}
