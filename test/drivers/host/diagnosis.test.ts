/** What is wrong with a service, as its detail tells it: what is over is not told, and evidence is short. */
import { describe, expect, test } from 'vitest';
import { findingsOf } from '../../../src/drivers/host/diagnosis.ts';
import type { ServiceDetail } from '../../../src/drivers/host/host-methods.ts';

const HOUR_MS = 3_600_000;

function detailOf(more: object = {}, summary: object = {}): ServiceDetail {
  return {
    ...{ instances: [], revisions: [], failures: [], ...more },
    summary: {
      ...{ service: 'web', phase: 'idle', message: 'v1 is stable', ready: 3, wanted: 3 },
      ...{ heldBy: null, attention: [], isFrozen: false, isFleetFrozen: false },
      ...{ healing: 'healthy', ...summary },
    },
  } as unknown as ServiceDetail;
}

describe('diagnosis', () => {
  test('diagnosis - of a service that is well: nothing', () => {
    expect(findingsOf(detailOf())).toEqual([]);
  });

  test('diagnosis - a slot that ends again and again, the newest end first', () => {
    const failures = Array.from({ length: 9 }, (_, i) => {
      return { instance: `web/eu/a/0#${i}`, signature: 'exit 1', key: null, agoMs: 900 - i };
    });
    expect(findingsOf(detailOf({ failures }))).toEqual([
      {
        about: 'web/eu/a/0',
        what: 'it ends by itself again and again',
        evidence: [8, 7, 6, 5, 4].map((i) => `web/eu/a/0#${i}: exit 1`),
        next: 'ringmaster why web/eu/a/0',
      },
    ]);
    expect(findingsOf(detailOf({ failures: failures.slice(0, 2) }))).toEqual([]);
  });

  test('diagnosis - a slot that has gone on for an hour since is well', () => {
    const failures = Array.from({ length: 9 }, (_, i) => {
      return {
        instance: `web/eu/a/0#${i}`,
        signature: 'exit 1',
        key: null,
        agoMs: HOUR_MS + 9 - i,
      };
    });
    expect(findingsOf(detailOf({ failures }))).toEqual([]);
  });

  test.each([
    ['panic: 4 members ended with signal SIGKILL', 1],
    ['blind: nobody is seen', 1],
    ['watching: 1 waits', 0],
  ])('diagnosis - a healer that has stopped is a finding: %s', (healing, count) => {
    const found = findingsOf(detailOf({}, { healing }));
    expect(found.map(({ evidence }) => evidence)).toEqual(Array(count).fill([healing]));
  });

  test('diagnosis - of many that are missing a few are named', () => {
    const instances = Array.from({ length: 50 }, (_, i) => {
      return { instance: `web/eu/a/${i}#1`, state: 'starting' };
    });
    const [found] = findingsOf(detailOf({ instances }, { ready: 0, wanted: 50 }));
    expect(found?.evidence).toHaveLength(6);
    expect(found?.evidence.at(-1)).toBe('and 45 more');
  });
});
