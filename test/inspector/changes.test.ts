/** Changes that clients make: once for each key, tried first, written down before and after. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { INSTANCE_ACTIONS, SERVICE_ACTIONS, VERBS } from 'ringmaster/control-plane';
import type { ResultOf } from 'ringmaster/inspector';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type {
  ChangeAnswer,
  DecisionShown,
  FleetListed,
  InstanceLoad,
  KeyShown,
  RingChange,
  RingShown,
  ServiceDetail,
} from '../../src/drivers/client.ts';
import type { ServiceHealing } from '../../src/drivers/host/host-healing.ts';
import type { LeaderShown, RegionsListed } from '../../src/drivers/host/host-leader.ts';
import { AuditLog } from '../../src/inspector/access/audit-log.ts';
import type { Role } from '../../src/inspector/access/roles.ts';
import { FLEET_METHODS } from '../../src/inspector/protocol/fleet-methods.ts';
import { ACTIONS, VERB_NAMES } from '../../src/inspector/protocol/fleet-shapes.ts';
import { Refused } from '../../src/inspector/protocol/refused.ts';
import { METHODS, type MethodName } from '../../src/inspector/protocol/schema.ts';
import { Changes } from '../../src/inspector/server/changes.ts';
import { errorOf } from '../../src/inspector/server/fleet-door.ts';

let directory = '';
let audit: AuditLog;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ringmaster-changes-'));
  audit = new AuditLog(join(directory, 'audit.jsonl'));
});
afterEach(() => {
  audit.close();
  rmSync(directory, { recursive: true });
});

const outcomes = (): readonly string[] =>
  readFileSync(join(directory, 'audit.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line).outcome);

/** Asks for changes of a service, and counts those that were made. */
function asker(over: { tried?: () => Promise<number>; made?: () => Promise<number> } = {}) {
  const changes = new Changes({ audit, now: () => 'now' });
  const made: number[] = [];
  const ask = (
    params: object = {},
    role: Role = 'operator',
    method: MethodName = 'Service.freeze',
  ): Promise<number> =>
    changes.ask({
      method,
      params: { key: 'k', reason: 'a test', service: 'web', isFrozen: true, ...params } as never,
      client: { role, from: '::1' },
      tried: async () => 0,
      made: async () => {
        made.push(1);
        return made.length;
      },
      ...over,
    });
  return { ask, made };
}
const errorIn = (asked: Promise<unknown>): Promise<string> =>
  asked.then(
    () => 'none',
    (error) => (error instanceof Refused ? error.error : 'internal'),
  );

describe('changes', () => {
  test('changes - one key is one wish, however often it is asked for, in whatever words', async () => {
    const { ask, made } = asker();
    expect(await Promise.all([ask(), ask({ reason: 'said again' }), ask()])).toEqual([1, 1, 1]);
    expect(made).toHaveLength(1);
    expect(outcomes()).toEqual(['begun', 'done']);
    expect(await errorIn(ask({ isFrozen: false }))).toBe('params');
    expect(await errorIn(ask({}, 'operator', 'Service.hold'))).toBe('params');
    expect(await ask({ key: 'another' })).toBe(2);
    // Of another role it is another key.
    expect(await ask({}, 'admin')).toBe(3);
  });

  test('changes - a dry run does nothing, takes no key, and is written down', async () => {
    const { ask, made } = asker();
    expect(await ask({ dryRun: true })).toBe(0);
    expect([made.length, outcomes()]).toEqual([0, ['dry run']]);
    expect(await ask()).toBe(1);
  });

  test('changes - a role that may not is refused, and nothing is written or tried', async () => {
    const { ask, made } = asker({ tried: () => Promise.reject(new Error('it was tried')) });
    expect(await errorIn(ask({}, 'viewer'))).toBe('forbidden');
    expect([made.length, outcomes()]).toEqual([0, []]);
  });

  test('changes - what would be refused is never begun; the answer of its key stays', async () => {
    let why = 'conflict' as const;
    const { ask, made } = asker({ tried: () => Promise.reject(new Refused(why, 'it moved')) });
    expect(await errorIn(ask())).toBe('conflict');
    why = 'gone' as never;
    expect(await errorIn(ask())).toBe('conflict');
    expect([made.length, outcomes()]).toEqual([0, ['conflict: it moved']]);
  });

  test('changes - what fails is written down, and may be asked for again with its key', async () => {
    let isBroken = true;
    const { ask } = asker({
      made: () => (isBroken ? Promise.reject(new Error('no disk')) : Promise.resolve(7)),
    });
    expect(await errorIn(ask())).toBe('internal');
    isBroken = false;
    expect(await ask()).toBe(7);
    expect(outcomes()).toEqual(['begun', 'failed: no disk', 'begun', 'done']);
  });

  test('changes - what cannot be written down is not done', async () => {
    const { ask, made } = asker();
    const other = new AuditLog(join(directory, 'audit.jsonl'));
    const entry = { at: '', role: '', from: '', method: '', params: {}, reason: '', outcome: 'x' };
    other.append(entry);
    other.close();
    expect(await errorIn(ask())).toBe('internal');
    expect(made).toEqual([]);
  });
});

describe('words of a fleet', () => {
  test("words of a fleet - actions and verbs are the control plane's, and each has its method", () => {
    expect(VERB_NAMES).toEqual(VERBS);
    expect(Object.keys(ACTIONS)).toEqual([...SERVICE_ACTIONS, ...INSTANCE_ACTIONS]);
    for (const { method, params } of Object.values(ACTIONS)) {
      const { shape } = FLEET_METHODS[method].params;
      expect(Object.keys(shape)).toEqual(expect.arrayContaining(Object.keys(params)));
    }
  });

  test('words of a fleet - whatever changes something takes a reason and a key, and is no viewer’s', () => {
    const reads = Object.entries(METHODS).filter(([, { role }]) => role === 'viewer');
    for (const [name, { params }] of reads)
      expect([name, 'reason' in params.shape]).toEqual([name, false]);
    for (const [name, { role, params }] of Object.entries(METHODS)) {
      // A trace shows more than a viewer may see, and changes nothing.
      if (role === 'viewer' || name.startsWith('Trace.')) continue;
      expect([name, Object.keys(params.shape)]).toEqual([
        name,
        expect.arrayContaining(['reason', 'key', 'dryRun']),
      ]);
      if (name in FLEET_METHODS) expect(Object.keys(params.shape)).toContain('ifRevision');
    }
    expect(METHODS).not.toHaveProperty(['Fleet.apply']);
  });

  test.each([
    ['RM_CONTROL_PARAMS', '', 'params'],
    ['RM_CONTROL_CHANGED', '', 'conflict'],
    ['RM_REPLY', 'CHANGED', 'conflict'],
    ['RM_CONTROL_UNKNOWN', '', 'gone'],
    ['RM_REPLY', 'NO_SERVICE', 'gone'],
    ['RM_CONTROL_REFUSED', '', 'refused'],
    ['RM_REPLY', 'STORE_AWAY', 'refused'],
    ['RM_STOPPED', '', null],
    ['', '', null],
  ])('words of a fleet - %s %s is told as %s', (code, reason, name) => {
    expect(errorOf(code, reason)).toBe(name);
  });
});

/** What the host answers and what the schema tells are the same types, field by field, both ways. */
type Deep<T> = T extends readonly (infer E)[]
  ? readonly Deep<E>[]
  : T extends object
    ? { readonly [K in keyof T]: Deep<Exclude<T[K], undefined>> }
    : T;
type Same<A, B> = [Deep<A>] extends [Deep<B>]
  ? [Deep<B>] extends [Deep<A>]
    ? true
    : never
  : never;
/** An act is told with the fields of its kind, whichever it is. */
type Line<T extends { act: unknown }> = Omit<T, 'act' | 'verdict'>;

const SAME: readonly true[] = [
  true satisfies Same<ResultOf<'Fleet.list'>, FleetListed>,
  true satisfies Same<ResultOf<'Service.get'>, ServiceDetail>,
  true satisfies Same<ResultOf<'Fleet.top'>['instances'][number], InstanceLoad>,
  true satisfies Same<ResultOf<'Healing.get'>['services'][number], ServiceHealing>,
  true satisfies Same<ResultOf<'Fleet.leader'>, LeaderShown>,
  true satisfies Same<ResultOf<'Region.list'>, RegionsListed>,
  true satisfies Same<ResultOf<'Ring.get'>, RingShown>,
  true satisfies Same<ResultOf<'Ring.owners'>, KeyShown>,
  true satisfies Same<ResultOf<'Ring.whatIf'>, RingChange>,
  true satisfies Same<Line<ResultOf<'Decisions.list'>['decisions'][number]>, Line<DecisionShown>>,
  true satisfies Same<ResultOf<'Service.verb'>['outcome'], ChangeAnswer['kind']>,
];

test('words of a fleet - the compiler has compared them all', () => {
  expect(SAME).toHaveLength(11);
});
