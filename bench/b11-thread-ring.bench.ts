/**
 * B11, a token around a ring of 503 actors on one thread: the cost of a switch of actors, with no
 * two messages for the same one in a row. Against Erlang and nact. Checksum: what is left, 0.
 */
import { finished, spawnFinish } from './actors/finish.ts';
import { RingMember } from './actors/ring.ts';
import type { BenchContender, BenchRow } from './harness/row.ts';
import { withSystem } from './harness/with-system.ts';
import { erlang } from './peers/erlang.ts';
import { nactRing } from './peers/nact.ts';

/** A ring of so many; hops are the operations. */
export function threadRing(members: number): BenchContender {
  return withSystem({ threads: 0 }, async (system, quick) => {
    const n = quick ? 4000 : 200_000;
    const finish = await spawnFinish(system);
    const options = { placement: 'same', args: { finish } } as const;
    const refs = await Promise.all(
      Array.from({ length: members }, () => system.spawn(RingMember, options)),
    );
    refs.forEach((ref, index) => {
      ref.tell('next', refs[(index + 1) % members] ?? ref);
    });
    return {
      opsPerCall: n,
      call: () => {
        const end = finished();
        refs[0]?.tell('pass', n);
        return end;
      },
    };
  });
}

export const rows: readonly BenchRow[] = [
  {
    id: 'B11',
    name: 'thread ring of 503 actors, hops',
    unit: 'M ops/s',
    ours: threadRing(503),
    peers: { Erlang: erlang('ring', 200_000, 10_000), nact: nactRing(503) },
    target: { perSecondAtLeast: 12e6, ratioAtLeast: { Erlang: 1, nact: 3 } },
    sameWork: true,
  },
];
