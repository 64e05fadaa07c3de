/** Reports of how the brain ended, one JSON file each, in a folder that is bounded. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { wallTime } from './system-time.ts';

/** Reports that are kept; the oldest go first. */
export const CRASH_REPORTS_MAX = 20;

/** What is known of a brain that has ended without being asked to. */
export type CrashReport = {
  readonly reason: string;
  readonly pid: number | null;
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Milliseconds that it ran. */
  readonly ranMs: number;
  /** V8's limit of its heap, as it said when it came. */
  readonly heapLimitBytes: number | null;
  /** The last events of its flight recorder, the oldest first. */
  readonly events: readonly unknown[];
  /** The end of its output. */
  readonly output: string;
};

/** @returns the file it wrote */
export function writeCrashReport(folder: string, report: CrashReport): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const at = wallTime();
  const path = join(folder, `brain-${at.replaceAll(/[:.]/g, '-')}-${report.pid ?? 0}.json`);
  writeFileSync(path, `${JSON.stringify({ at, ...report }, null, 2)}\n`, { mode: 0o600 });
  const files = readdirSync(folder)
    .filter((name) => name.startsWith('brain-'))
    .sort();
  for (const name of files.slice(0, Math.max(0, files.length - CRASH_REPORTS_MAX))) {
    rmSync(join(folder, name), { force: true });
  }
  return path;
}
