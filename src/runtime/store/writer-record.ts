/**
 * Who writes, as a record in the data file: every process that has the file open reads it, and every
 * commit of the writer compares its epoch inside the same LMDB transaction, so that one that was
 * deposed while it was paused writes nothing more.
 *
 *   free ──take (epoch + 1)──▶ held ──release──▶ free
 *                               └──the beat stands still for the lease, on the watcher's own
 *                                  monotonic clock, or its process is gone──▶ taken (epoch + 1)
 *
 * No way back to an epoch: it only grows, so it fences.
 */
import { isProcessGone, type ProcessIdentity, processIdentity } from './process-identity.ts';

/** The record. */
export type WriterRecord = {
  readonly epoch: number;
  /** Grows with each commit of the writer, at least three times in its lease. */
  readonly beat: number;
  /** How long a beat may stand still. */
  readonly leaseMs: number;
  /** Null: the writer has released it. */
  readonly owner: ProcessIdentity | null;
};

/** Before anybody wrote. */
export const NO_WRITER: WriterRecord = { epoch: 0, beat: 0, leaseMs: 0, owner: null };

/** The record of whoever takes over from `before`, at its first beat. */
export function taken(before: WriterRecord, leaseMs: number): WriterRecord {
  return { epoch: before.epoch + 1, beat: 0, leaseMs, owner: processIdentity() };
}

/** Whether nobody writes for certain: it was released, or its process has ended. */
export function isFree(record: WriterRecord): boolean {
  return record.owner === null || isProcessGone(record.owner);
}

/** Whether data from a file is one. */
export function isWriterRecord(data: unknown): data is WriterRecord {
  return typeof data === 'object' && data !== null && 'epoch' in data && 'beat' in data;
}

/** Whether two looks saw the same beat of the same writer. */
export function sameBeat(a: WriterRecord, b: WriterRecord): boolean {
  return a.epoch === b.epoch && a.beat === b.beat && (a.owner === null) === (b.owner === null);
}

/** Watches a record from outside, by one's own clock. Thread rule: one thread. */
export class WriterWatch {
  private last: WriterRecord | null = null;
  private sinceMs = 0;

  /**
   * A look at the record. @returns `free`: take it now; `stalled`: its beat stood still for the
   * whole lease, take it, though its process lives; `held`: wait.
   */
  look(record: WriterRecord, nowMs: number): 'free' | 'stalled' | 'held' {
    if (isFree(record)) return 'free';
    if (this.last === null || !sameBeat(this.last, record)) {
      this.last = record;
      this.sinceMs = nowMs;
      return 'held';
    }
    return nowMs - this.sinceMs >= record.leaseMs ? 'stalled' : 'held';
  }
}
