/** One history, recorded in several processes: the one that writes, its follower, a reader. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  openLmdbStore,
  type StoreEntry,
  type StoreResult,
  type StoreTransaction,
} from '../../../src/runtime/store/index.ts';
import { checkHistory, type HistoryCall } from '../../../src/runtime/testkit/index.ts';

const PROGRAM = fileURLToPath(new URL('./programs/history-program.mjs', import.meta.url));

type Line = {
  readonly began?: number;
  readonly ended?: number;
  readonly transaction: StoreTransaction;
  readonly result: StoreResult;
  readonly at: number;
  readonly told?: number;
  readonly kind: 'changes' | 'resync';
};

const bytes = (_key: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'bytes' in value
    ? Uint8Array.from(value.bytes as number[])
    : value;

/** One process, and what it has written down. */
class Recorder {
  readonly child: ChildProcess;
  readonly told: number[] = [];
  resyncs = 0;
  writes = 0;
  reads = 0;
  private readonly begun = new Map<number, Line>();
  private readonly calls: HistoryCall[] = [];
  private look: () => void = () => undefined;

  constructor(directory: string, role: 'writer' | 'reader', seed: number) {
    this.child = spawn(process.execPath, [PROGRAM, directory, role, String(seed)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: this.child.stdout as NodeJS.ReadableStream });
    lines.on('line', (line) => {
      // A line may be cut off by a kill.
      if (line.endsWith('}')) this.heard(JSON.parse(line, bytes) as Line);
      this.look();
    });
    this.child.once('close', () => this.look());
  }

  /** Rejects when the process ends before; what it said is among the test's own output. */
  until(isSo: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.look = () => {
        const { exitCode, pid } = this.child;
        if (isSo()) resolve();
        else if (exitCode !== null) reject(new Error(`process ${pid} ended with ${exitCode}`));
      };
      this.look();
    });
  }

  /** Those that have no answer may have happened. */
  history(): HistoryCall[] {
    const open = [...this.begun.values()].map(({ transaction, at }) => ({
      transaction,
      result: null,
      beganAt: at,
      endedAt: at,
    }));
    return [...this.calls, ...open];
  }

  async end(signal: 'SIGKILL' | null): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'close');
    if (signal !== null) this.child.kill(signal);
    this.child.stdin?.end();
    await ended;
  }

  private heard(line: Line): void {
    if (line.began !== undefined) this.begun.set(line.began, line);
    if (line.told !== undefined) {
      this.told.push(line.told);
      if (line.kind === 'resync') this.resyncs++;
    }
    if (line.ended === undefined) return;
    const { transaction, at: beganAt } = this.begun.get(line.ended) as Line;
    this.begun.delete(line.ended);
    this.calls.push({ transaction, result: line.result, beganAt, endedAt: line.at });
    if (isRead(transaction)) this.reads++;
    else this.writes++;
  }
}

const isRead = ({ success }: StoreTransaction): boolean =>
  success.every(({ kind }) => kind === 'get');

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ringmaster-store-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** With some of its reads: the check tries orders, and reads are many. */
function thinned(calls: readonly HistoryCall[]): HistoryCall[] {
  const stride = Math.ceil(calls.filter(({ transaction }) => isRead(transaction)).length / 250);
  let reads = 0;
  return calls.filter(({ transaction }) => !isRead(transaction) || reads++ % stride === 0);
}

/** The entry of a key at each revision, as the history tells it. */
async function statesOf(keys: readonly string[]): Promise<Map<string, StoreEntry | null>[]> {
  const store = await openLmdbStore(directory, { role: 'reader' });
  const { revision } = await store.get('k0');
  const states = [new Map<string, StoreEntry | null>(keys.map((key) => [key, null]))];
  const watch = store.watch('', { after: 0 });
  while (states.length <= revision) {
    const { value } = await watch.next();
    const next = new Map(states.at(-1));
    expect(value).toMatchObject({ kind: 'changes', revision: states.length });
    for (const change of value.changes) {
      if (change.kind === 'put') next.set(change.entry.key, change.entry);
      else next.set(change.key, null);
    }
    states.push(next);
  }
  await store.close();
  return states;
}

test("history of processes - is linearizable, over the writer's death, with reads of others", async () => {
  // Guards: P3, P4.
  const first = new Recorder(directory, 'writer', 1);
  await first.until(() => first.writes > 0);
  const second = new Recorder(directory, 'writer', 2);
  const reader = new Recorder(directory, 'reader', 3);
  const all = [first, second, reader];
  await Promise.all(
    [second, reader].map((one) => one.until(() => one.reads > 100 && first.writes > 150)),
  );
  await first.end('SIGKILL');
  await second.until(() => second.writes > 150);
  await Promise.all([second.end(null), reader.end(null)]);

  const history = all.flatMap((one) => one.history());
  const some = all.flatMap((one) => thinned(one.history()));
  expect(checkHistory(some)).toMatchObject({ linearizable: true });
  // Exactly: what a process has read is the state at the revision that it was told with it.
  const states = await statesOf(['k0', 'k1', 'k2']);
  let read = 0;
  for (const { transaction, result } of history) {
    if (!isRead(transaction) || result === null) continue;
    read++;
    transaction.success.forEach(({ key }, index) => {
      expect(result.entries[index]).toEqual(states[result.revision]?.get(key));
    });
  }
  expect(read).toBeGreaterThan(200);
  for (const one of all) {
    // A watch that begins at the beginning is told each revision once and in order, wherever it is.
    expect(one.resyncs).toBe(0);
    expect(one.told).toEqual(one.told.map((_, index) => index + 1));
    expect(one.told.length).toBeGreaterThan(100);
  }
  // The check would have noticed: the last read, with the answer of the first.
  const reads = reader.history().filter(({ result }) => result !== null);
  const [late, early] = [reads.at(-1) as HistoryCall, reads[0] as HistoryCall];
  expect(early.result?.revision).toBeLessThan(late.result?.revision ?? 0);
  const { transaction, result } = early;
  expect(checkHistory([...some, { ...late, transaction, result }]).linearizable).toBe(false);
});
