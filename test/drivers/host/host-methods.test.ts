/** What a host answers while its fleet changes under the question. */
import { expect, test } from 'vitest';
import { HostMethods } from '../../../src/drivers/host/host-methods.ts';

const REMOVED = Object.assign(new Error('no service b'), { code: 'RM_CONTROL_UNKNOWN' });

/** A host of two services, one of which is removed between its name and the look at it. */
const host = (failure: Error) =>
  new HostMethods({
    services: () => Promise.resolve(['a', 'b']),
    status: (name: string) =>
      name === 'a' ? Promise.resolve({ record: { name } }) : Promise.reject(failure),
    loads: (records: readonly { name: string }[]) =>
      Promise.resolve(records.map((one) => one.name)),
  } as never).methods;

test('host methods - of a service that is removed meanwhile the loads of others are told', async () => {
  const { 'Fleet.top': top } = host(REMOVED);
  expect(await top?.({})).toEqual({ instances: ['a'] });
  expect(await top?.({ service: 'a' })).toEqual({ instances: ['a'] });
  await expect(top?.({ service: 'b' })).rejects.toThrow('no service b');
});

test('host methods - any other failure is told', async () => {
  await expect(host(new Error('the store is away'))['Fleet.top']?.({})).rejects.toThrow('away');
});
