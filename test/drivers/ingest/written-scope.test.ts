/** Whose a written series is: by the label `instance`, in either of its forms, and by `version`. */
import { hostname } from 'node:os';
import { describe, expect, test } from 'vitest';
import type { ServiceRecord } from '../../../src/actors/index.ts';
import { AddressBook } from '../../../src/drivers/address-book.ts';
import { namedInstance, ofInstance, ofMany } from '../../../src/drivers/ingest/written-scope.ts';

const book = new AddressBook();
const enter = (instance: string, service: string, port: number): void =>
  book.enter({ instance, service, slot: 's', zone: 'a', revision: 'r2', port, pid: 1 });
enter('web-0-a', 'web', 3000);
enter('cart-0-a', 'cart', 3001);
const record = {
  name: 'web',
  revisions: [
    { id: 'r1', version: 'v1' },
    { id: 'r2', version: 'v2' },
    { id: 'r3', version: 'v3' },
    { id: 'r4', version: 'v3' },
  ],
  instances: new Map([['web-0-a', { isBaseline: true }]]),
} as unknown as ServiceRecord;

describe('written scope', () => {
  test.each([
    ['web-0-a', 'web-0-a'],
    ['127.0.0.1:3000', 'web-0-a'],
    ['localhost:3000', 'web-0-a'],
    ['[::1]:3000', 'web-0-a'],
    [`${hostname()}:3000`, 'web-0-a'],
    ['cart-0-a', undefined],
    ['localhost:3001', undefined],
    ['another-machine:3000', undefined],
    ['localhost:3002', undefined],
    ['localhost', undefined],
    ['', undefined],
  ])('written scope - the label %j names %j', (label, instance) => {
    expect(namedInstance(label, 'web', book, hostname())?.instance).toBe(instance);
  });

  test('written scope - an instance has its revision, zone and group', () => {
    const address = book.of('web-0-a');
    const by = { service: 'web', revision: 'r2', zone: 'a', instance: 'web-0-a', isBaseline: true };
    expect(address && ofInstance(address, record)).toEqual(by);
  });

  test.each([
    ['v2', 'r2'],
    ['v3', ''],
    ['v9', ''],
    [undefined, ''],
  ])('written scope - a series of version %j is of revision %j', (version, revision) => {
    const labels = version === undefined ? [] : [['version', version] as const];
    const by = ofMany(labels, record);
    expect(by).toMatchObject({ service: 'web', revision, zone: '', isBaseline: null });
    // No instance is called so.
    expect(by.instance).toMatch(/ /);
  });
});
