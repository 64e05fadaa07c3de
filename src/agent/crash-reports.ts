/**
 * Reports of how the brain ended, one JSON file each, in a folder that is bounded. Their names begin
 * with a number that grows: the wall's time, which they show to people, may go back.
 */
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

const NAME = /^brain-(\d{8})-/;

/** Files of reports, the oldest first; what has no number is older than any number. */
function reportsIn(folder: string): { readonly name: string; readonly number: number }[] {
  return readdirSync(folder)
    .filter((name) => name.startsWith('brain-') && name.endsWith('.json'))
    .map((name) => ({ name, number: Number(NAME.exec(name)?.[1] ?? 0) }))
    .sort((a, b) => a.number - b.number || (a.name < b.name ? -1 : 1));
}

/** @returns the file it wrote */
export function writeCrashReport(folder: string, report: CrashReport): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const at = wallTime();
  const before = reportsIn(folder);
  const number = String((before.at(-1)?.number ?? 0) + 1).padStart(8, '0');
  const name = `brain-${number}-${at.replaceAll(/[:.]/g, '-')}-${report.pid ?? 0}.json`;
  const path = join(folder, name);
  writeFileSync(path, `${JSON.stringify({ at, ...report }, null, 2)}\n`, { mode: 0o600 });
  const tooMany = Math.max(0, before.length + 1 - CRASH_REPORTS_MAX);
  for (const old of before.slice(0, tooMany)) rmSync(join(folder, old.name), { force: true });
  return path;
}
