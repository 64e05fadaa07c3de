/** Crash reports: which are kept, whatever the wall clock says. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  CRASH_REPORTS_MAX,
  type CrashReport,
  writeCrashReport,
} from '../../src/agent/crash-reports.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ringmaster-crashes-'));
  vi.useFakeTimers({ toFake: ['Date'] });
});

afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

const report = (pid: number): CrashReport => ({
  reason: 'signal SIGKILL',
  pid,
  exitCode: null,
  signal: 'SIGKILL',
  ranMs: 1,
  heapLimitBytes: null,
  events: [],
  output: '',
});

const kept = (): number[] =>
  readdirSync(folder)
    .sort()
    .map((name) => (JSON.parse(readFileSync(join(folder, name), 'utf8')) as CrashReport).pid ?? -1);

describe('crash reports', () => {
  // Guards: R3
  test('crash reports - the newest are kept, in order, though the wall clock goes back', () => {
    for (let pid = 0; pid < 2 * CRASH_REPORTS_MAX; pid++) {
      vi.setSystemTime(Date.UTC(2030, 0, 1) - pid * 86_400_000);
      expect(writeCrashReport(folder, report(pid))).toContain(`-${pid}.json`);
    }
    const newest = Array.from({ length: CRASH_REPORTS_MAX }, (_, i) => CRASH_REPORTS_MAX + i);
    expect(kept()).toEqual(newest);
  });

  test('crash reports - a file that is none is left alone', () => {
    writeFileSync(join(folder, 'brain.log'), 'x');
    writeFileSync(join(folder, 'note.json'), '{}');
    for (let pid = 0; pid < CRASH_REPORTS_MAX + 3; pid++) writeCrashReport(folder, report(pid));
    expect(readdirSync(folder)).toContain('brain.log');
    expect(readdirSync(folder)).toContain('note.json');
    expect(readdirSync(folder)).toHaveLength(CRASH_REPORTS_MAX + 2);
  });
});
