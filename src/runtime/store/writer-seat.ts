/**
 * The right to write, held by at most one of the processes that have a directory open: looks who has
 * it, takes it when it is free, and commits under it. The record is writer-record.ts's. A commit that
 * finds another epoch in the file writes nothing and is fenced.
 */
import { assert } from '../../hotpath/index.ts';
import { runtimeError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import { LmdbTables } from './lmdb-tables.ts';
import { damaged, FORMAT_KEY, jsonOf, jsonRecord, WRITER_KEY } from './record-layout.ts';
import { STORE_FORMAT, type StoreDirectory } from './store-directory.ts';
import type { StoreCommitter } from './tables.ts';
import {
  isWriterRecord,
  NO_WRITER,
  sameBeat,
  taken,
  type WriterRecord,
  WriterWatch,
} from './writer-record.ts';

/** Thread rule: the main thread. */
export class WriterSeat implements StoreCommitter {
  readonly tables: LmdbTables;
  private readonly place: StoreDirectory;
  private readonly clock: Clock;
  private readonly leaseMs: number;
  private readonly watch: WriterWatch;
  /** What this process wrote last as the writer; null: it is not. */
  private held: WriterRecord | null;
  private isAbandoned: boolean;
  private lastEpoch: number;
  /** When the last commit began that has succeeded. */
  private sureMs: number;

  constructor(place: StoreDirectory, clock: Clock, leaseMs: number) {
    this.place = place;
    this.clock = clock;
    this.leaseMs = leaseMs;
    this.tables = new LmdbTables(place.environment);
    this.watch = new WriterWatch();
    this.held = null;
    this.isAbandoned = false;
    this.lastEpoch = 0;
    this.sureMs = 0;
  }

  /** Of this process's last time as the writer; 0: it never was. */
  get epoch(): number {
    return this.lastEpoch;
  }

  /**
   * Becomes the writer if nobody else is, after the whole file was checked. `lockIsFree` is asked
   * where the writer stands still: it may do so inside a commit. @returns whether.
   * @throws (rejects) RM_STORE_OPEN, RM_STORE_FORMAT, what LMDB throws
   */
  async take(lockIsFree: () => Promise<boolean>): Promise<boolean> {
    assert(this.held === null, 'the writer takes its own seat');
    let found = this.look();
    if (found === 'stalled') {
      if (!(await lockIsFree())) return false;
      found = this.look();
    }
    if (found === 'held') return false;
    const before = this.record();
    const writable = this.place.openForWriting();
    if (writable === null) return false;
    this.tables.use(writable);
    // What is checked and summed up is no older than what was looked at.
    this.tables.refresh();
    this.tables.verify();
    const mine = taken(before, this.leaseMs);
    const beganMs = this.clock.monotonicMs();
    let won = false;
    await this.place.environment.commit(() => {
      if (this.isAbandoned || !sameBeat(this.record(), before)) return;
      this.write(FORMAT_KEY, STORE_FORMAT);
      this.write(WRITER_KEY, mine);
      won = true;
    });
    if (!won) return false;
    this.held = mine;
    this.lastEpoch = mine.epoch;
    this.sureMs = beganMs;
    this.place.environment.forgetDeadReaders();
    return true;
  }

  async commit(write: () => void): Promise<void> {
    const mine = this.held;
    if (mine === null) throw fenced(this.lastEpoch, this.record());
    const beganMs = this.clock.monotonicMs();
    let other: WriterRecord | null = null;
    await this.place.environment.commit(() => {
      // Abandoned while it waited for the lock.
      if (this.held !== mine) return;
      const found = this.record();
      if (found.epoch !== mine.epoch || found.owner === null) {
        other = found;
        return;
      }
      this.tables.writing(write);
      this.write(WRITER_KEY, { ...mine, beat: found.beat + 1 });
    });
    if (other !== null) {
      this.held = null;
      throw fenced(mine.epoch, other);
    }
    this.sureMs = beganMs;
  }

  isSure(nowMs: number): boolean {
    // Whoever takes over has seen the beat of that commit stand still for a whole lease.
    return this.held !== null && nowMs - this.sureMs < this.leaseMs;
  }

  /** Whether it has been so long since the last commit that others want to see another. */
  isBeatDue(): boolean {
    return this.clock.monotonicMs() - this.sureMs >= this.leaseMs / 4;
  }

  /** Of the writer now, this process or another; null: nobody is, or it cannot be told. */
  writerPid(): number | null {
    return this.record().owner?.pid ?? null;
  }

  /**
   * Writes nothing more, also not what waits for the lock, and does not give the seat back: that
   * would be a write. Others take it as from a process that stands still.
   */
  abandon(): void {
    this.isAbandoned = true;
    this.held = null;
  }

  /** Gives the seat back, so that the next process need not wait. Never throws. */
  async release(): Promise<void> {
    const mine = this.held;
    this.held = null;
    if (mine === null) return;
    try {
      await this.place.environment.commit(() => {
        const found = this.record();
        if (found.epoch === mine.epoch) this.write(WRITER_KEY, { ...found, owner: null });
      });
    } catch {
      // The lease runs out by itself, and a process that has ended is seen to be gone.
    }
  }

  private look(): 'free' | 'stalled' | 'held' {
    this.tables.refresh();
    return this.watch.look(this.record(), this.clock.monotonicMs());
  }

  private record(): WriterRecord {
    const record = this.place.environment.find('about')?.get(WRITER_KEY) ?? null;
    if (record === null) return NO_WRITER;
    const data = jsonOf(WRITER_KEY, record);
    if (isWriterRecord(data)) return data;
    throw damaged('the record of the writer is none');
  }

  private write(key: Uint8Array, data: unknown): void {
    this.place.environment.find('about')?.put(key, jsonRecord(key, data));
  }
}

function fenced(epoch: number, found: WriterRecord): Error {
  return runtimeError(
    'RM_STORE_FENCED',
    `this process wrote as epoch ${epoch}, and epoch ${found.epoch} writes now: it stood still for its ` +
      'lease and was deposed. Nothing was written. Read what has changed before you go on.',
    { epoch, found: found.epoch },
  );
}
