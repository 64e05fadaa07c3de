/**
 * What a process uses, from /proc: memory and time on the processor, of it alone. Null on a system that
 * has no /proc, and for a process that is gone: then nothing is known, and nothing is held against it.
 */
import { readFileSync } from 'node:fs';

/** Bytes of one page and clock ticks of one second: the same on every Linux that Node runs on. */
const PAGE_BYTES = 4096;
const TICKS_PER_SECOND = 100;
/** Places in /proc/PID/stat behind the name. */
const USER_FIELD = 11;
const KERNEL_FIELD = 12;
const START_FIELD = 19;

/** Bytes that are resident, seconds of processor time since its start. */
export type ProcessUsage = { readonly bytes: number; readonly cpuSeconds: number };

/** `startTicks`: of the very process that is meant; somebody else may have its pid by now. */
export function usageOf(pid: number, startTicks: string | null): ProcessUsage | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name is in parentheses and may hold any character.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (startTicks !== null && fields[START_FIELD] !== startTicks) return null;
    const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
    const ticks = Number(fields[USER_FIELD]) + Number(fields[KERNEL_FIELD]);
    return { bytes: pages * PAGE_BYTES, cpuSeconds: ticks / TICKS_PER_SECOND };
  } catch {
    return null;
  }
}
