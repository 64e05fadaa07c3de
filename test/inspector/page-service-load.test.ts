/** What a service has to do, from its instances: what nobody counted is not nothing. */
import { expect, test } from 'vitest';
import {
  actualWeight,
  type Load,
  loadOf,
  loadsByService,
} from '../../src/inspector/page/views/service-load.ts';

const load = (of: Partial<Load>): Load => ({
  instance: 'web/here/a/0#1',
  service: 'web',
  zone: 'a',
  version: 'v1',
  pid: 1,
  rate: null,
  errorRatio: null,
  p99Ms: null,
  cores: null,
  memoryBytes: null,
  ...of,
});

test('service load - rates are added, errors weighed by requests, the slowest p99 counts', () => {
  const loads = [
    load({ rate: 90, errorRatio: 0, p99Ms: 5 }),
    load({ rate: 10, errorRatio: 0.5, p99Ms: 40 }),
    load({}),
  ];
  expect(loadOf(loads)).toEqual({ rate: 100, errorRatio: 0.05, p99Ms: 40 });
});

test('service load - of nothing nobody knows errors or times', () => {
  expect(loadOf([])).toEqual({ rate: 0, errorRatio: null, p99Ms: null });
  expect(loadOf([load({ rate: 0, errorRatio: 0 })])).toMatchObject({ errorRatio: null });
});

test('service load - the actual weight is the share of requests of the target', () => {
  const loads = [load({ rate: 30 }), load({ rate: 10, version: 'v2' })];
  expect(actualWeight(loads, 'v2')).toBe(0.25);
  expect(actualWeight(loads, null)).toBeNull();
  expect(actualWeight([load({ version: 'v2' })], 'v2')).toBeNull();
});

test('service load - each service has its own', () => {
  const [one, two, three] = [load({}), load({ service: 'shop' }), load({ rate: 1 })];
  expect([...loadsByService([one, two, three])]).toEqual([
    ['web', [one, three]],
    ['shop', [two]],
  ]);
});
