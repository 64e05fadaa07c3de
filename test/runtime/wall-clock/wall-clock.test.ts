/**
 * Jumps of the wall clock change nothing. In virtual time: what counts time runs beside a wall clock
 * that leaps by days at every look at the time, and does the very same. In real processes: a preloaded
 * module makes `Date` leap for this package, its libraries and Node.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { seededRandom } from 'ringmaster';
import { SimClock as BuiltClock } from 'ringmaster/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { elect } from '../../../bench/elections/election.ts';
import type { Context } from '../../../src/runtime/actor/context.ts';
import { memoryStore, openLmdbStore, type Store } from '../../../src/runtime/store/index.ts';
import {
  SimClock,
  SimSystem,
  type StoreUnderTest,
  storeConformance,
} from '../../../src/runtime/testkit/index.ts';
import { define } from '../actor/stage.ts';
import { StoreProcess } from '../store/store-process.ts';

const DAY_MS = 86_400_000;
const HISTORY = 20;

/** The same clock; its wall leaps whenever anybody looks at the time. */
function leaping<C extends SimClock | BuiltClock>(clock: C): C {
  const random = seededRandom(7);
  const look = clock.monotonicMs.bind(clock);
  clock.monotonicMs = () => {
    clock.jumpWall((random.below(61) - 30) * DAY_MS + random.below(1000));
    return look();
  };
  return clock;
}

const folders: string[] = [];
const processes: StoreProcess[] = [];

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'ringmaster-wall-'));
  folders.push(made);
  return made;
}

afterEach(async () => {
  for (const one of processes) one.child.kill('SIGCONT');
  await Promise.all(processes.splice(0).map((one) => one.end()));
  for (const one of folders.splice(0)) rmSync(one, { recursive: true });
});

async function storeUnderTest(open: (clock: SimClock) => Promise<Store>): Promise<StoreUnderTest> {
  const clock = leaping(new SimClock());
  let store = await open(clock);
  return {
    store,
    wait: (ms) => void clock.advance(ms),
    historyTransactions: HISTORY,
    reopen: async () => {
      await store.close();
      store = await open(clock);
      return store;
    },
    dispose: () => store.close(),
  };
}

const limits = { historyTransactionsMax: HISTORY };

describe('wall clock', () => {
  // Guards: R3
  test.each(storeConformance)('wall clock - a store in memory: $name', async ({ run }) => {
    await run(() => {
      let before: ReturnType<typeof memoryStore> | null = null;
      return storeUnderTest(async (clock) => {
        before = before?.reopen() ?? memoryStore({ limits, clock, alarm: clock.alarm() });
        return before;
      });
    });
  });

  // Guards: R3
  test.each(storeConformance)('wall clock - a store on disk: $name', async ({ run }) => {
    await run(() => {
      const path = folder();
      return storeUnderTest((clock) =>
        openLmdbStore(path, { limits, clock, alarm: clock.alarm() }),
      );
    });
  });

  // Guards: R3
  test('wall clock - elections go the very same way', async () => {
    const faults = { delay: 0.2, delayMaxMs: 700, unavailable: 0.03, unknown: 0.05, gap: 0.02 };
    const plain = await elect(seededRandom(11), 100, faults);
    const leapt = await elect(seededRandom(11), 100, faults, leaping(new BuiltClock()));
    expect(leapt).toEqual(plain);
    expect(plain.pauses).toBeGreaterThan(50);
    expect(plain.acts).toBeGreaterThan(100);
  });

  // Guards: R3
  test('wall clock - timers, deadlines and every order of a system stay the same', async () => {
    for (const seed of [1, 2, 3]) {
      const [plain, leapt] = [await life(seed, false), await life(seed, true)];
      expect(leapt).toEqual(plain);
      expect(plain.log.length).toBeGreaterThan(200);
      expect(plain.late).toBeGreaterThan(0);
      expect(plain.asked).toBeGreaterThan(50);
      expect(plain.restarts).toBeGreaterThan(10);
    }
  });
});

/** Counts time in every way that a handler can. */
const Busy = define((_: undefined, ctx: Context) => {
  let beats = 0;
  ctx.timers.every('beat', 10, 'beat');
  return {
    beat: () => {
      beats++;
      if (beats % 20 === 0) throw new Error('tired');
    },
    beats: () => beats,
    later: () => ctx.timers.once('once', ctx.random(50), 'beat'),
    silent: () => new Promise(() => undefined),
  };
});

/** A second in the life of a system with three threads, one of which is lost. */
async function life(seed: number, leaps: boolean) {
  const faults = { loss: 0.02, delay: 0.1, reorder: 0.05, delayMaxMs: 30 };
  const sim = await SimSystem.start({ seed, threads: 2, faults });
  if (leaps) leaping(sim.clock as SimClock);
  const group = sim.supervisor({ backoff: { initial: 5, max: 50 }, intensity: { restarts: 1000 } });
  const refs = await sim.until(
    Promise.all(
      Array.from({ length: 9 }, (_, index) =>
        group.spawn(Busy, { placement: { thread: index % 3 }, stopDeadline: 50 }),
      ),
    ),
  );
  const codes: string[] = [];
  const ask = (index: number, name: 'beats' | 'silent', timeout: number) =>
    refs[index]?.ask(name, undefined as never, { timeout }).then(
      (value) => void codes.push(`${index} ${String(value)}`),
      (error: { readonly code: string }) => void codes.push(`${index} ${error.code}`),
    );
  for (let round = 0; round < 20; round++) {
    for (const ref of refs.slice(0, 8)) ref.tell('later');
    for (let index = 0; index < 8; index++) void ask(index, 'beats', 5 + round);
    void ask(8, 'silent', 30);
    if (round === 10) sim.crashThread(2);
    await sim.run(50);
  }
  const log = [...sim.log];
  const late = codes.filter((code) => code.endsWith('RM_ASK_TIMEOUT')).length;
  const { restarts } = sim.figures().total;
  return { log, hash: sim.hash, codes, late, asked: codes.length, restarts };
}

const PRELOAD = new URL('./leaping-wall.mjs', import.meta.url).href;

describe('wall clock of a real process', () => {
  // Guards: R3, D1, R2
  test('wall clock of a real process - deadlines, timers and orders hold on every thread', async () => {
    const program = fileURLToPath(new URL('./under-leaps.mjs', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', PRELOAD, program], {
      timeout: 50_000,
      killSignal: 'SIGKILL',
    });
    const expected = {
      leaps: true,
      code: 'RM_ASK_TIMEOUT',
      waited: true,
      inOrder: true,
      order: [10, 20, 30],
      onTime: true,
      incarnation: 1,
    };
    expect(JSON.parse(stdout)).toEqual({ results: [expected, expected, expected], lost: 0 });
  });

  // Guards: R3
  test('wall clock of a real process - leases of a store and the seat of its writer hold', async () => {
    const path = folder();
    const [first, second] = [PRELOAD, PRELOAD].map((url) => new StoreProcess(['--import', url]));
    if (first === undefined || second === undefined) throw new Error('two processes were made');
    processes.push(first, second);
    expect(await first.call<number>('wallMoves')).toBeGreaterThan(DAY_MS / 2);
    const options = { writerLease: 500, poll: 5 };
    expect(await first.call('open', path, options)).toEqual([true, 1]);
    expect(await second.call('open', path, options)).toEqual([false, 0]);
    const [short, long] = [
      await first.call<number>('grant', 1600),
      await first.call<number>('grant', 60_000),
    ];
    await first.call('put', 'short', 'x', short);
    await first.call('put', 'long', 'x', long);
    await second.call('watch', 'w', 'short');
    // The end of the short lease, three of the writer's later.
    let revision = 0;
    while (revision < 3) revision = await second.call<number>('next', 'w');
    expect(await first.call('keys')).toEqual(['long']);
    await expect(first.call('keepAlive', short)).rejects.toThrow('RM_STORE_LEASE');
    expect(await first.call('keepAlive', long)).toBe(60_000);
    // It was not deposed meanwhile, and is when it really stands still.
    expect(await first.call('put', 'a', 'first')).toBe(4);
    await expect(second.call('put', 'a', 'second')).rejects.toThrow('RM_STORE_READ_ONLY');
    const stopped = first.call('stop');
    expect(await second.call('whenWriter')).toBe(2);
    expect(await second.call('get', 'long')).toBe('x');
    const refused = expect(first.call('put', 'a', 'late')).rejects.toThrow('RM_STORE_FENCED');
    first.child.kill('SIGCONT');
    await Promise.all([refused, stopped]);
  });
});
