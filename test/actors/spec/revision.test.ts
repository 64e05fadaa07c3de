/** A revision is the hash of what instances are made of, and of nothing else. */
import { fleet, revisionOf, type ServiceInput, type ServiceSpec } from 'ringmaster/control-plane';
import { describe, expect, test } from 'vitest';

const BASE: ServiceInput = {
  kind: 'stateless',
  command: ['node', 'x.js'],
  env: { A: '1', B: '2' },
};

function spec(more: Partial<ServiceInput> = {}): ServiceSpec {
  const regions = [{ name: 'eu', zones: ['a'] }];
  const services = { shop: { ...BASE, ...more } as ServiceInput };
  return fleet({ name: 'test', regions, services }).services.shop as ServiceSpec;
}

describe('revision', () => {
  test('revision - the same template has the same name, whatever the order of its keys', () => {
    const [one, other] = [spec(), spec({ env: { B: '2', A: '1' } })];
    expect(revisionOf(one, '')).toBe(revisionOf(other, ''));
    expect(revisionOf(one, '')).toMatch(/^[0-9a-f]{16}$/);
  });

  test.each([
    ['version', { version: 'v2' }],
    ['command', { command: ['node', 'y.js'] }],
    ['environment', { env: { A: '1', B: '3' } }],
    ['reference to a secret', { env: { A: '1', B: { fromFile: '/b' } } }],
    ['probe', { health: { readiness: { http: '/r' } } }],
    ['memory', { resources: { memory: '64Mi' } }],
  ] as const)('revision - another %s is another revision', (_, more) => {
    expect(revisionOf(spec(more as Partial<ServiceInput>), '')).not.toBe(revisionOf(spec(), ''));
  });

  test('revision - how it is scaled, healed and rolled out replaces nobody', () => {
    const more: Partial<ServiceInput> = {
      instances: 9,
      autoscale: { min: 1, max: 9, metric: { name: 'rate', target: 50 } },
      heal: { maxUnhealthy: '50%' },
      budget: { maxUnavailable: 3 },
      frozen: true,
    } as Partial<ServiceInput>;
    expect(revisionOf(spec(more), '')).toBe(revisionOf(spec(), ''));
  });

  test('revision - another release of the same template is another revision', () => {
    expect(revisionOf(spec(), 'abc')).not.toBe(revisionOf(spec(), 'abd'));
  });
});
