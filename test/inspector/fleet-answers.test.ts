/** What a role is offered of healing: what it may not do is not offered, on any level. */
import type { ResultOf } from 'ringmaster/inspector';
import { expect, test } from 'vitest';
import type { Role } from '../../src/inspector/access/roles.ts';
import { METHODS } from '../../src/inspector/protocol/schema.ts';
import { fleetAnswersOf } from '../../src/inspector/server/fleet-answers.ts';

const HEALING: ResultOf<'Healing.get'> = {
  servicesCount: 1,
  services: [
    {
      ...{ service: 'web', revision: 'r', mode: 'remedying', status: 'remedying 1' },
      ...{ isFrozen: false, heldBy: 'A3', ejections: [], keys: [], keysCount: 0, blocked: [] },
      counts: {
        ...{ members: 3, unwell: 1, unwellMax: 1, remedied: 1, remediedMax: 1 },
        ...{ ejected: 0, ejectedMax: 1 },
      },
      spare: { count: 0, why: '', unblock: '' },
      unwell: [
        {
          ...{ slot: 'web/eu/a/0', zone: 'a', instance: 'web/eu/a/0#1', state: 'unready' },
          ...{ forMs: 1000, cause: 'it is unready', waitMs: null, times: 0 },
          ...{ treatment: 'replacing', allowedActions: ['replace', 'drain'] },
        },
      ],
      allowedActions: ['release'],
    },
  ],
};

/** As a role is answered, by the schema. */
async function offeredTo(role: Role) {
  const asked: unknown[] = [];
  const source = {
    fleet: async (...question: unknown[]) => {
      asked.push(question);
      return { result: HEALING };
    },
  };
  const parts = { source, changes: null, nowMs: () => 0 } as never;
  const answer = await fleetAnswersOf(parts)['Healing.get']({ service: 'web' }, { role } as never);
  expect(asked).toEqual([['Healing.get', { service: 'web' }]]);
  const [service] = METHODS['Healing.get'].result.parse(answer).services;
  return [service?.allowedActions, service?.unwell[0]?.allowedActions];
}

test('fleet answers - healing is told to all, and its changes are offered to operators', async () => {
  expect(await offeredTo('viewer')).toEqual([[], []]);
  expect(await offeredTo('operator')).toEqual([['release'], ['replace', 'drain']]);
});
