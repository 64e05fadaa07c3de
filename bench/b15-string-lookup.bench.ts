/**
 * What finding the owner of a text key costs, hash included: one call per key, as users write it.
 * Peers are the two rings that npm users install. `hashring` (MD5) is asked through `range`, its
 * documented look-up without a cache: a cache would measure the cache. `consistent-hash` (24-bit
 * PJW) has its points laid out evenly, because its default lays them out at random.
 * Does not answer: keys that are not ASCII, or much longer ones; how well either ring balances.
 * 65,536 different keys of 17 to 23 characters, flat in memory as a parser yields them: a string
 * that was joined from pieces costs every contender more. Checksum: lengths of all owners' names.
 */
import ConsistentHash from 'consistent-hash';
import HashRing from 'hashring';
import { openTable, RendezvousBuilder } from 'ringmaster/hotpath';
import type { BenchContender, BenchRow, BenchTask } from './harness/row.ts';

const MEMBERS = 100;
const KEYS = 65_536;

/** Names of many lengths, so that the checksum tells owners apart. */
function names(): string[] {
  return Array.from({ length: MEMBERS }, (_, index) => `10.0.0.${index}:${10 ** (index % 5)}`);
}

/** Looks up all keys, or a part of them where each costs microseconds. */
function keyTask(lookUp: (key: string) => number, keysPerCall: number): BenchTask {
  const keys = Array.from({ length: KEYS }, (_, index) =>
    Buffer.from(`tenant-${index % 97}/session:${index}`).toString('latin1'),
  );
  let next = 0;
  return {
    opsPerCall: keysPerCall,
    call: () => {
      let sum = 0;
      for (let count = 0; count < keysPerCall; count += 1) {
        sum += lookUp(keys[next] as string);
        next = (next + 1) & (KEYS - 1);
      }
      return sum;
    },
  };
}

const ours: BenchContender = {
  prepare: () => {
    const members = names().map((name, index) => ({ name, zone: `zone-${index % 3}` }));
    const image = new RendezvousBuilder(members).image();
    const buffer = new SharedArrayBuffer(image.byteLength);
    image.writeTo({ buffer, generation: 1 });
    const table = openTable(buffer);
    if (table.kind !== 'rendezvous') throw new Error(`got a ${table.kind} table`);
    return keyTask((key) => table.members.name(table.primaryOf(key)).length, KEYS);
  },
};

const hashring: BenchContender = {
  prepare: () => {
    const ring = new HashRing(names());
    return keyTask((key) => (ring.range(key, 1, false)[0] as string).length, 2048);
  },
};

const consistentHash: BenchContender = {
  prepare: () => {
    const ring = new ConsistentHash({ distribution: 'uniform' });
    for (const name of names()) ring.add(name);
    return keyTask((key) => ring.get(key).length, KEYS);
  },
};

export const rows: readonly BenchRow[] = [
  {
    id: 'B15',
    name: '100 members, keys of 17 to 23 characters',
    unit: 'ns/op',
    ours,
    peers: { hashring, 'consistent-hash': consistentHash },
    target: { ratioAtLeast: { hashring: 25, 'consistent-hash': 2 } },
  },
];
