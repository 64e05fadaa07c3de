/** The specification of a fleet: defaults, and every way to get it wrong with its message. */
import { fc, test as property } from '@fast-check/vitest';
import {
  type FleetInput,
  fleet,
  fleetFields,
  fleetJsonSchema,
  type Problem,
  pathText,
  problemsText,
  readFleet,
  service,
} from 'ringmaster/control-plane';
import { describe, expect, test } from 'vitest';
import { type Json, WRONG, writtenFleet } from './wrong-fleets.ts';

const written = writtenFleet;

/** Sets a value at a path; undefined takes it away. */
function changed(path: string, value: unknown): Json {
  const data = written();
  const keys = path.split('.');
  let here = data;
  for (const key of keys.slice(0, -1)) {
    here[key] ??= {};
    here = here[key] as Json;
  }
  here[keys.at(-1) as string] = value;
  return data;
}

function problemsIn(data: unknown): readonly Problem[] {
  const reading = readFleet(data);
  return reading.ok ? [] : reading.problems;
}

describe('fleet', () => {
  test('fleet - defaults are filled in, with one unit each', () => {
    const reading = readFleet(written());
    if (!reading.ok) throw new Error(problemsText(reading.problems));
    const { services, policy } = reading.fleet;
    expect(policy).toMatchObject({ period: 1000, leaseTtl: 10_000, maxStaleness: 15_000 });
    expect(services.receiver).toMatchObject({
      rollout: { strategy: 'zones', autoRollback: true, history: 10 },
      ring: { algorithm: 'ketama', sections: 1000, shrinkMax: 0.34 },
      autoscale: { tolerance: 0.1, down: { window: 300_000 } },
      heal: { maxUnhealthy: 0.2, backoff: { first: 10_000, max: 300_000 } },
      budget: { maxUnavailable: 1 },
      stopGrace: 30_000,
    });
    expect(services.web).toMatchObject({
      rollout: { strategy: 'rolling', maxSurge: '25%', maxUnavailable: '25%' },
    });
  });

  test('fleet - an answer to a probe may take a second, or the period where that is shorter', () => {
    const timesOf = (liveness: Json): unknown => {
      const reading = readFleet(changed('services.web.health.liveness', liveness));
      if (!reading.ok) throw new Error(problemsText(reading.problems));
      const { period, timeout } = reading.fleet.services.web?.health.liveness ?? {};
      return [period, timeout];
    };
    for (const how of [{ http: '/' }, { tcp: true }, { exec: ['true'] }]) {
      expect(timesOf(how)).toEqual([10_000, 1000]);
      expect(timesOf({ ...how, period: '200ms' })).toEqual([200, 200]);
      expect(timesOf({ ...how, period: '200ms', timeout: '150ms' })).toEqual([200, 150]);
      expect(timesOf({ ...how, timeout: '3s' })).toEqual([10_000, 3000]);
    }
  });

  test('fleet - TypeScript gives the same as data, and throws with every problem', () => {
    const { apiVersion: _version, kind: _kind, ...definition } = written();
    const built = fleet(definition as never);
    const reading = readFleet(written());
    expect(reading).toEqual({ ok: true, fleet: built, data: written() });
    const cart = service({ kind: 'stateless', actor: './cart.ts#Cart', instances: 3 });
    const small: Omit<FleetInput, 'apiVersion' | 'kind'> = {
      name: 'x',
      regions: [{ name: 'eu', zones: ['a'] }],
      services: { cart },
    };
    expect(fleet(small).services.cart).toMatchObject({ instances: 3, actor: './cart.ts#Cart' });
    expect(() => fleet({ ...small, name: 'A b', services: { cart, web: {} as never } })).toThrow(
      /2 problems in this fleet:\nname: got "A b".*\nservices\.web\.kind: got nothing/,
    );
  });

  test.each(WRONG)('fleet - %s = %j is a problem of %s', (path, value, where, text) => {
    const found = problemsIn(changed(path, value)).map(
      (problem) => [pathText(problem.path), problem.message] as const,
    );
    if (where === '') expect(found).toEqual([]);
    else expect(found).toContainEqual([where, expect.stringContaining(text)]);
  });

  test('fleet - a budget that blocks is only one without a surge', () => {
    const rollout = { strategy: 'rolling', maxSurge: 0 };
    const data = changed('services.web.budget', { maxUnavailable: 0 });
    expect(problemsIn(data)).toEqual([]);
    // A quarter of none is none, but it will not stay at none.
    ((data.services as Json).web as Json).instances = 0;
    expect(problemsIn(data)).toEqual([]);
    ((data.services as Json).web as Json).rollout = rollout;
    expect(problemsText(problemsIn(data))).toContain('nothing could ever be replaced');
  });

  property.prop([fc.jsonValue()])('fleet - anything at all is read or has problems', (data) => {
    const reading = readFleet(data);
    expect(reading.ok).toBe(false);
    if (!reading.ok) expect(problemsText(reading.problems)).not.toBe('');
  });

  property.prop([fc.constantFrom(...WRONG), fc.jsonValue()])(
    'fleet - any value in any field is read or has problems',
    ([path], value) => {
      const reading = readFleet(changed(path, value));
      if (!reading.ok) expect(reading.problems.length).toBeGreaterThan(0);
    },
  );
});

describe('fleet reference', () => {
  test('fleet reference - every field is described, and has its type', () => {
    const fields = fleetFields();
    expect(fields.length).toBeGreaterThan(150);
    expect(fields.filter(({ description, type }) => description === '' || type === '')).toEqual([]);
    expect(fields.find(({ path }) => path === 'services.*.stopGrace')).toMatchObject({
      type: 'length of time',
      byDefault: '30s',
      isRequired: false,
    });
  });

  test('fleet reference - the JSON Schema is data, and knows what is required', () => {
    const schema = fleetJsonSchema() as { required: string[]; additionalProperties: boolean };
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema);
    expect(schema.required).toEqual(['apiVersion', 'kind', 'name', 'regions', 'services']);
    expect(schema.additionalProperties).toBe(false);
  });
});
