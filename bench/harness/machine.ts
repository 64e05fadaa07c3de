/** What the figures were taken on: without it a figure says nothing. */
import { readFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly quotaCores: number | null;
  readonly memoryGiB: number;
  readonly node: string;
  readonly v8: string;
  readonly flags: readonly string[];
  readonly load1: number;
}

export function machineBlock(): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    quotaCores: quotaCores(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    v8: process.versions.v8,
    flags: process.execArgv,
    load1: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  };
}

/** The container's processor quota in cores, when there is one (cgroup v2). */
function quotaCores(): number | null {
  try {
    const [quota, period] = readFileSync('/sys/fs/cgroup/cpu.max', 'utf8').trim().split(' ');
    return quota === 'max' ? null : Number(quota) / Number(period);
  } catch {
    return null;
  }
}
