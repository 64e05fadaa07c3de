/** Healing as the page says it: in sentences, with units, and with the right thing in front. */
import { describe, expect, test } from 'vitest';
import {
  crashedOf,
  LATE_MS,
  RESTARTS_LIMIT,
  restartsPerMinute,
  threadEvents,
} from '../../src/inspector/page/views/crashes.ts';
import {
  courseOf,
  ejectionText,
  givenUpOf,
  isCalm,
  limitsOf,
  readable,
  type ServiceHealing,
  shareOf,
  spareText,
  type Unwell,
} from '../../src/inspector/page/views/healing-words.ts';
import { needsOf } from '../../src/inspector/page/views/service-needs.ts';
import type { RowOf } from '../../src/inspector/protocol/topics.ts';
import { RESTARTS_ALARM } from '../../src/inspector/topics/vital-signs.ts';

const CALM: ServiceHealing = {
  service: 'web',
  revision: 'r',
  mode: 'healthy',
  status: 'healthy',
  isFrozen: false,
  heldBy: null,
  unwell: [],
  counts: {
    ...{ members: 20, unwell: 0, unwellMax: 4, remedied: 0, remediedMax: 2 },
    ...{ ejected: 0, ejectedMax: 2 },
  },
  spare: { count: 1, why: '19 of 20 instances serve, and 19 have to', unblock: 'more come' },
  ejections: [],
  keys: [],
  keysCount: 0,
  blocked: [],
  allowedActions: [],
};
const ILL: Unwell = {
  slot: 'web/eu/a/0',
  zone: 'a',
  instance: 'web/eu/a/0#1',
  state: 'unready',
  forMs: 120_000,
  cause: 'it has been unready for 120000 ms',
  treatment: 'next',
  waitMs: null,
  times: 0,
  allowedActions: [],
};
const course = (one: Partial<Unwell>, more: Partial<ServiceHealing> = {}) =>
  courseOf({ ...CALM, ...more }, { ...ILL, ...one });
const counted = (counts: Partial<ServiceHealing['counts']>) => ({
  counts: { ...CALM.counts, ...counts },
});

describe('healing', () => {
  test('healing - milliseconds of the server are read as people read them', () => {
    expect(readable(ILL.cause)).toBe('it has been unready for 2.00 min');
    expect(readable('v12 ms-like 3 msx')).toBe('v12 ms-like 3 msx');
  });

  test.each([
    ['replacing', {}, {}, /another one is started/, /until that one is ready/],
    ['next', {}, {}, /to be replaced now/, /^1 member may be taken away now$/],
    [
      'queued',
      {},
      counted({ remedied: 2 }),
      /nothing yet/,
      /2 of 2 replacements at a time are under way/,
    ],
    [
      'backoff',
      { waitMs: 12_000, times: 2 },
      {},
      /2 times in a row/,
      /next replacement may begin in 12.0 s/,
    ],
    [
      'restarting',
      { waitMs: 40_000, times: 3 },
      {},
      /later each time/,
      /it is started again in 40.0 s/,
    ],
    ['restarting', { waitMs: 0, times: 1 }, {}, /it is started$/, /until it has started/],
    ['asking', {}, {}, /agent/, /until somebody has seen it/],
    ['blocked', {}, {}, /given up/, /another revision/],
    ['watched', { waitMs: 100_000 }, {}, /given time/, /in 1.67 min, if it stays so/],
    ['spared', {}, counted({ unwell: 5 }), /nothing/, /until at most 4 of 20 are unwell/],
    ['spared', {}, { isFrozen: true }, /nothing/, /not frozen/],
    ['spared', {}, { heldBy: 'A3' }, /nothing/, /invariant/],
    ['spared', {}, { mode: 'blind' }, /nothing/, /seen again/],
    ['spared', {}, { mode: 'panic' }, /nothing/, /in common/],
  ] as const)(
    'healing - %s: what is done, and what it waits for',
    (treatment, one, more, done, waits) => {
      const said = course({ treatment, ...one }, more as Partial<ServiceHealing>);
      expect(said.done).toMatch(done);
      expect(said.waits).toMatch(waits);
    },
  );

  test('healing - a limit says how much of it is used, and which one is passed', () => {
    const unwell = [ILL, { ...ILL, treatment: 'queued' as const }];
    const used = { ...CALM, unwell, ...counted({ unwell: 2, remedied: 2 }) };
    const [members, replacements, out] = limitsOf(used);
    expect(members?.text).toBe('2 of 20; with more than 4 nobody would be replaced any more');
    expect(replacements?.text).toBe('2 of 2 at a time are under way; 1 other waits for it');
    expect(out?.text).toBe('0 of at most 2');
    expect(limitsOf(used).map(shareOf)).toEqual([0.5, 1, 0]);
    expect(limitsOf(used).some(({ isOver }) => isOver)).toBe(false);
    const [panic] = limitsOf({ ...CALM, ...counted({ unwell: 5 }) });
    expect(panic).toMatchObject({ isOver: true, text: expect.stringMatching(/^5 of 20: with/) });
  });

  test('healing - the budget says why no more may go', () => {
    const none = { ...CALM, spare: { ...CALM.spare, count: 0 } };
    expect(spareText(none)).toMatch(/^nobody may be taken away now: 19 of 20.* until more come$/);
    expect(spareText({ ...none, spare: { count: 0, why: '', unblock: '' } })).toMatch(/serves/);
  });

  test('healing - what was given up names the change that ends it, if the role may make it', () => {
    const key = {
      key: 'tenant-7',
      forMs: 60_000,
      triedMs: 3_600_000,
      ends: 2,
      signature: 'exit 7',
    };
    const given = {
      ...CALM,
      mode: 'panic' as const,
      status: 'panic: 5 of 20',
      heldBy: 'A3: two owners',
      keys: [key],
      keysCount: 3,
      blocked: [{ revision: 'x', version: 'v2', why: 'its members end alike' }],
    };
    expect(givenUpOf({ ...given, allowedActions: ['releaseKey'] })).toEqual([
      expect.objectContaining({ what: 'web is held: A3: two owners', action: null }),
      expect.objectContaining({ what: 'web is left alone: panic: 5 of 20', action: null }),
      {
        service: 'web',
        what: 'web: nobody answers for the key tenant-7',
        why:
          '2 members ended working on it, the last with exit 7. For 1.00 min; ' +
          'tried again by itself in 1.0 h.',
        action: 'releaseKey',
        key: 'tenant-7',
      },
      expect.objectContaining({ what: 'web: 2 keys more' }),
      expect.objectContaining({ what: 'web: v2 was given up', why: 'its members end alike' }),
    ]);
    expect(givenUpOf(CALM)).toEqual([]);
    expect([isCalm(CALM), isCalm(given), isCalm({ ...CALM, unwell: [ILL] })]).toEqual([
      true,
      false,
      false,
    ]);
  });

  test('healing - who is out is told for how long, and for which time', () => {
    const out = { instance: 'x', why: '5 errors in a row', times: 2, leftMs: 30_000 };
    const times = (count: number) => ejectionText({ ...out, times: count });
    expect(times(2)).toBe(
      '5 errors in a row; out for the 2nd time, and it may come back in 30.0 s',
    );
    expect([1, 3, 11, 21].map((n) => /(\d+\w+) time/.exec(times(n))?.[1])).toEqual([
      ...['1st', '3rd', '11th', '21st'],
    ]);
    expect(ejectionText({ ...out, leftMs: 0 })).toMatch(/come back now$/);
  });
});

describe('crashes', () => {
  const failure = { name: 'TypeError', message: 'no price', stack: '', causes: [] };
  const event = (path: string | null, atMs: number, kind = 'actor-crashed'): RowOf<'events'> => {
    const isCrash = kind === 'actor-crashed';
    return { atMs, kind, path, thread: null, text: kind, failure: isCrash ? failure : null };
  };
  const NOW_MS = LATE_MS * 2;

  test('crashes - by actor, the given up first, and only those of late', () => {
    const found = crashedOf(
      [
        event('/old', NOW_MS - LATE_MS - 1),
        event('/often', NOW_MS - 300_000),
        event('/often', NOW_MS - 30_000),
        event('/once', NOW_MS - 1000),
        event('/once', NOW_MS - 900, 'escalated'),
        event('/often', NOW_MS - 500, 'snapshot-failed'),
        event(null, NOW_MS, 'thread-lost'),
      ],
      NOW_MS,
    );
    expect(found).toEqual([
      expect.objectContaining({ path: '/once', crashes: 1, isGivenUp: true, isLoop: false }),
      expect.objectContaining({ path: '/often', crashes: 2, lastMinute: 1, isGivenUp: false }),
    ]);
    const again = Array.from({ length: 3 }, (_, i) => event('/loop', NOW_MS - i));
    expect(crashedOf(again, NOW_MS)).toMatchObject([{ path: '/loop', isLoop: true }]);
    expect(found.map(({ last }) => last.atMs)).toEqual([NOW_MS - 1000, NOW_MS - 30_000]);
  });

  test('crashes - threads that were lost or replaced, the newest first', () => {
    const all = [event(null, 1, 'thread-lost'), event('/a', 2), event(null, 3, 'thread-replaced')];
    expect(threadEvents(all).map(({ atMs }) => atMs)).toEqual([3, 1]);
  });

  test('crashes - restarts of the minute that ends with each second', () => {
    const second = { atMs: 0, handled: 0, crashes: 0, restarts: 1, deadLetters: 0 };
    const seconds = Array.from({ length: 70 }, () => {
      return { ...second, waits: [], utilisation: [], fill: [] };
    });
    const sums = restartsPerMinute(seconds);
    expect([sums[0], sums[59], sums[60], sums[69]]).toEqual([1, 60, 60, 60]);
    // The page has no values of the server's: the same number stands in both.
    expect(RESTARTS_LIMIT).toBe(RESTARTS_ALARM);
  });
});

describe('needs of a service', () => {
  const row = {
    ...{ service: 'web', state: 'healthy', attention: [], heldBy: null, healing: 'healthy' },
    ...{ message: 'v1 is stable', allowedActions: [] },
  } as unknown as RowOf<'services'>;

  test('needs of a service - a healer that has stopped needs somebody, one that works does not', () => {
    for (const healing of ['healthy', 'remedying 1', 'watching: 2 wait']) {
      expect(needsOf({ ...row, healing }, true)).toEqual([]);
    }
    const [need] = needsOf({ ...row, healing: 'panic: all have ended alike in 9000 ms' }, true);
    expect(need).toMatchObject({
      what: 'web: nobody is replaced',
      to: '#/healing',
      why: expect.stringContaining('9.00 s'),
    });
  });
});
