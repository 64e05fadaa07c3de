/** One leader at a time: by its own clock, by the store's, and by what it may still do. */
import { seededRandom } from 'ringmaster';
import { campaign, type MemoryStore, memoryStore } from 'ringmaster/store';
import { FaultyStore, SimClock } from 'ringmaster/testkit';
import { beforeEach, describe, expect, test } from 'vitest';
import { elect } from '../../../bench/elections/election.ts';

const TTL_MS = 300;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

let clock: SimClock;
let store: MemoryStore;
beforeEach(() => {
  clock = new SimClock();
  store = memoryStore({ clock, alarm: clock.alarm() });
});

async function advance(ms: number): Promise<void> {
  const untilMs = clock.monotonicMs() + ms;
  await settle();
  while (clock.nextAlarmMs <= untilMs) {
    clock.step();
    await settle();
  }
  clock.advance(untilMs - clock.monotonicMs());
  await settle();
}

const candidate = (holder: string, through: FaultyStore | MemoryStore = store) =>
  campaign(through, { key: 'leader', holder, ttl: TTL_MS, clock, alarm: clock.alarm() });
const put = (value: string) => ({
  success: [{ kind: 'put', key: 'k', value: bytes(value) } as const],
});

describe('leadership', () => {
  test('leadership - the first takes it, the next one waits until it resigns', async () => {
    const first = await candidate('a');
    let second: Awaited<ReturnType<typeof candidate>> | null = null;
    const waiting = candidate('b').then((won) => {
      second = won;
      return won;
    });
    await advance(10 * TTL_MS);
    expect(first.isLeading).toBe(true);
    expect(second).toBeNull();
    await first.resign();
    const won = await waiting;
    expect(won.token).toBeGreaterThan(first.token);
    expect(first.isLeading).toBe(false);
    expect(() => first.check()).toThrow('RM_LEADER_DEPOSED');
    expect((await first.deposed).message).toContain('it resigned');
    await expect(first.transact(put('late'))).rejects.toMatchObject({ code: 'RM_LEADER_DEPOSED' });
    expect((await won.transact(put('new'))).succeeded).toBe(true);
  });

  test('leadership - a tenure tells how long it is, and how its lease stands', async () => {
    const network = new FaultyStore(store, {
      faults: {},
      random: seededRandom(1),
      clock,
      alarm: clock.alarm(),
    });
    const leader = await candidate('a', network);
    await advance(10 * TTL_MS + 1);
    const { ledForMs, renewedAgoMs, leftMs, ttlMs } = leader.tenure;
    expect([ledForMs, ttlMs, renewedAgoMs + leftMs]).toEqual([10 * TTL_MS + 1, TTL_MS, TTL_MS]);
    expect(renewedAgoMs).toBeLessThanOrEqual(TTL_MS / 3);
    network.isCut = true;
    await advance(TTL_MS / 2);
    expect(leader.tenure.renewedAgoMs).toBeGreaterThanOrEqual(TTL_MS / 2);
    await advance(TTL_MS);
    expect(leader.tenure).toMatchObject({ leftMs: 0, ledForMs: 11.5 * TTL_MS + 1 });
  });

  test('leadership - one that cannot renew stops by its own clock before anybody else begins', async () => {
    // Guards: R3.
    const network = new FaultyStore(store, {
      faults: {},
      random: seededRandom(1),
      clock,
      alarm: clock.alarm(),
    });
    const first = await candidate('a', network);
    const waiting = candidate('b');
    await advance(TTL_MS);
    network.isCut = true;
    const lastRenewalMs = clock.monotonicMs();
    let deposedAtMs = 0;
    void first.deposed.then(() => {
      deposedAtMs = clock.monotonicMs();
    });
    await advance(TTL_MS + 1);
    expect(deposedAtMs).toBeLessThanOrEqual(lastRenewalMs + TTL_MS);
    expect(deposedAtMs).toBeGreaterThan(lastRenewalMs);
    expect((await waiting).token).toBeGreaterThan(first.token);
  });

  test('leadership - a jump of the wall clock deposes nobody', async () => {
    // Guards: R3.
    const first = await candidate('a');
    const { token } = first;
    for (const ms of [3_600_000, -7_200_000, 10 ** 9]) {
      clock.jumpWall(ms);
      await advance(TTL_MS);
      expect(first.check()).toBe(token);
    }
  });

  test('leadership - a write of one whose key is gone happens not at all', async () => {
    const first = await candidate('a');
    // Behind its back, as if the store had counted its lease otherwise.
    await store.transact({ success: [{ kind: 'delete', key: 'leader' }] });
    expect(first.isLeading).toBe(true);
    await expect(first.transact(put('late'))).rejects.toMatchObject({
      code: 'RM_LEADER_DEPOSED',
      data: { token: first.token },
    });
    expect((await store.get('k')).entry).toBeNull();
    expect(first.isLeading).toBe(false);
  });

  test("leadership - a condition of the caller's that fails deposes nobody", async () => {
    const first = await candidate('a');
    const result = await first.transact({
      compare: [{ key: 'k', revision: 99 }],
      ...put('never'),
      failure: [{ kind: 'get', key: 'k' }],
    });
    expect(result).toMatchObject({ succeeded: false, entries: [null] });
    expect(first.isLeading).toBe(true);
  });

  test('leadership - a campaign ends by its signal, and with its store', async () => {
    await candidate('a');
    const off = new AbortController();
    const called = campaign(store, {
      key: 'leader',
      holder: 'b',
      clock,
      alarm: clock.alarm(),
      signal: off.signal,
    });
    await settle();
    off.abort(new Error('enough'));
    await expect(called).rejects.toMatchObject({ code: 'RM_ABORTED' });
    const closed = candidate('c');
    await settle();
    await store.close();
    await expect(closed).rejects.toMatchObject({ code: 'RM_STORE_CLOSED' });
  });

  test('leadership - a lost answer leaves no leader that does not know of it', async () => {
    let leaders = 0;
    for (let seed = 0; seed < 50; seed++) {
      const network = new FaultyStore(store, {
        faults: { unknown: 0.4, unavailable: 0.2 },
        random: seededRandom(seed),
        clock,
        alarm: clock.alarm(),
      });
      const won = candidate(`c${seed}`, network);
      void won.then(async (leader) => {
        leaders++;
        expect((await store.get('leader')).entry?.revision).toBe(leader.token);
        network.faults = {};
        await leader.resign();
      });
      await advance(20 * TTL_MS);
      await won;
      await settle();
    }
    expect(leaders).toBe(50);
  });

  test('election - nobody who was deposed does anything that counts', {
    timeout: 120_000,
  }, async () => {
    // Guards: R3.
    const faults = { delay: 0.2, delayMaxMs: 700, unavailable: 0.03, unknown: 0.05, gap: 0.02 };
    for (const seed of [1, 2, 3]) {
      const count = await elect(seededRandom(seed), 150, faults);
      const { late, overwritten } = count;
      expect({ seed, late, overwritten }).toEqual({ seed, late: 0, overwritten: 0 });
      expect(count.tenures).toBeGreaterThanOrEqual(150);
      expect(count.acts).toBeGreaterThan(200);
      expect(count.pauses).toBeGreaterThan(100);
      // There was something to refuse.
      expect(count.refused).toBeGreaterThan(0);
    }
  });
});
