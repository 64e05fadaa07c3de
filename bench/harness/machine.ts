/** What the figures were taken on: without it a figure says nothing. */
import { readFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly quotaCores: number | null;
  readonly memoryGiB: number;
  /** Of the folder that benches write to; null: it cannot be said here. */
  readonly filesystem: string | null;
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
    filesystem: filesystem(),
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

/** The kind of file system that holds this file, which lies beside what benches write. */
function filesystem(): string | null {
  try {
    const here = fileURLToPath(import.meta.url);
    let [longest, kind] = ['', ''];
    for (const line of readFileSync('/proc/self/mounts', 'utf8').trim().split('\n')) {
      const [, mount = '', type = ''] = line.split(' ');
      const isAbove = here.startsWith(mount.endsWith('/') ? mount : `${mount}/`);
      // Of two on one place the later one counts.
      if (isAbove && mount.length >= longest.length) [longest, kind] = [mount, type];
    }
    return kind;
  } catch {
    return null;
  }
}
