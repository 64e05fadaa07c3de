/** How many a service has when another specification of it is applied. */
import { applied, fleet, newService, type ServiceInput } from 'ringmaster/control-plane';
import { describe, expect, test } from 'vitest';

function specOf(more: Partial<ServiceInput>) {
  const service: ServiceInput = { kind: 'stateless', command: ['x'], ...more };
  const regions = [{ name: 'eu', zones: ['a'] }];
  const { shop } = fleet({ name: 'test', regions, services: { shop: service } }).services;
  if (shop === undefined) throw new Error('the fleet has lost its service');
  return shop;
}

const AUTOSCALE = { min: 2, max: 20, metric: { name: 'load', target: 10 } };
const METRICS = { scrape: '/metrics' };
const SCALED = { instances: 3, autoscale: AUTOSCALE, metrics: METRICS };

/** It was written with three, and has scaled itself to eight. */
function grown() {
  const record = newService('shop', specOf(SCALED), 'r1', 0);
  return { ...record, goal: { ...record.goal, demand: 8 } };
}

describe('written size', () => {
  test('written size - without autoscale there are as many as are written, the same number or not', () => {
    for (const instances of [2, 3, 9]) {
      const { goal } = applied(grown(), specOf({ instances }), 'r2', 1);
      expect(goal.demand).toBe(instances);
    }
  });

  test('written size - while somebody decides it, what is written is only where it began', () => {
    const more = { ...AUTOSCALE, max: 6 };
    const of = (spec: Partial<ServiceInput>) => applied(grown(), specOf(spec), 'r2', 1).goal.demand;
    expect(of({ ...SCALED, instances: 2 })).toBe(8);
    expect(of({ ...SCALED, autoscale: more })).toBe(6);
    const held = { ...grown(), hold: { count: 8, untilMs: 1e9 } };
    expect(applied(held, specOf({ instances: 3 }), 'r2', 1).goal.demand).toBe(8);
  });

  test('written size - what was scaled by hand stays until another number is written', () => {
    const record = newService('shop', specOf({ instances: 3 }), 'r1', 0);
    const scaled = { ...record, goal: { ...record.goal, demand: 5 } };
    expect(applied(scaled, specOf({ instances: 3, env: { A: 'b' } }), 'r2', 1).goal.demand).toBe(5);
    expect(applied(scaled, specOf({ instances: 4 }), 'r2', 1).goal.demand).toBe(4);
  });
});
