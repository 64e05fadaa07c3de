/**
 * The Savina set for actors, on one thread: micro (ping-pong, counting, fork-join, thread ring,
 * chameneos, big) and concurrent (bounded buffer, bank), and mailbox contention, skynet, a restart
 * storm, 100,000 idle actors. Source: Imam & Sarkar, Savina, AGERE! 2014. Written anew, smaller.
 * Answers: does a change cost somewhere unexpected? nact is there where it has the same words.
 */

import type { AnyRef } from 'ringmaster';
import { finished, spawnFinish } from './actors/finish.ts';
import { Forker, SkynetRoot } from './actors/fork-join.ts';
import { Nursery } from './actors/idle.ts';
import { Creature, Mall, Neighbour, Sink } from './actors/meetings.ts';
import { Buffer, Eater, Maker, Teller } from './actors/stock.ts';
import { pingPong } from './b1-b3-local.bench.ts';
import { storm } from './b10-restart.bench.ts';
import { threadRing } from './b11-thread-ring.bench.ts';
import { flow } from './flow.ts';
import type { BenchContender, BenchRow } from './harness/row.ts';
import { withSystem } from './harness/with-system.ts';
import { nactPingPong, nactRing, nactTell } from './peers/nact.ts';

const HERE = { placement: 'same' } as const;
const ONE = { threads: 0 } as const;

/** Starts the work, and waits for the actor that says it is done. */
function untilFinished(begin: () => void): Promise<number> {
  const end = finished();
  begin();
  return end;
}

const create: BenchContender = withSystem(ONE, async (system, quick) => {
  const n = quick ? 1000 : 20_000;
  const finish = await spawnFinish(system);
  const forker = await system.spawn(Forker, { ...HERE, args: { finish } });
  return { opsPerCall: n, call: () => untilFinished(() => forker.tell('create', n)) };
});

const throughput: BenchContender = withSystem(ONE, async (system, quick) => {
  const each = quick ? 100 : 4000;
  const finish = await spawnFinish(system);
  const forker = await system.spawn(Forker, { ...HERE, args: { finish } });
  return {
    opsPerCall: each * 60,
    call: () => untilFinished(() => forker.tell('throughput', each)),
  };
});

const skynet: BenchContender = withSystem(ONE, async (system, quick) => {
  const leaves = quick ? 1000 : 100_000;
  const finish = await spawnFinish(system);
  const root = await system.spawn(SkynetRoot, { ...HERE, args: { finish } });
  return { opsPerCall: leaves, call: () => untilFinished(() => root.tell('grow', leaves)) };
});

const chameneos: BenchContender = withSystem(ONE, async (system, quick) => {
  const meetings = quick ? 1000 : 50_000;
  const finish = await spawnFinish(system);
  const mall = await system.spawn(Mall, { ...HERE, args: { finish } });
  for (let index = 0; index < 100; index++) {
    await system.spawn(Creature, { ...HERE, args: { mall, colour: index % 3 } });
  }
  return { opsPerCall: meetings, call: () => untilFinished(() => mall.tell('open', meetings)) };
});

const big: BenchContender = withSystem(ONE, async (system, quick) => {
  const count = 120;
  const pings = quick ? 20 : 1000;
  const finish = await spawnFinish(system);
  const sink = await system.spawn(Sink, { ...HERE, args: { finish, count } });
  const args = { sink };
  const all = await Promise.all(
    Array.from({ length: count }, () => system.spawn(Neighbour, { ...HERE, args })),
  );
  for (const one of all) one.tell('neighbours', all as unknown as AnyRef[]);
  return {
    opsPerCall: count * pings,
    call: () => untilFinished(() => all.forEach((one) => void one.tell('run', pings))),
  };
});

const boundedBuffer: BenchContender = withSystem(ONE, async (system, quick) => {
  const sides = 10;
  const each = quick ? 80 : 4000;
  const finish = await spawnFinish(system);
  const buffer = await system.spawn(Buffer, { ...HERE, args: { finish, room: 50 } });
  const makers = await Promise.all(
    Array.from({ length: sides }, () => system.spawn(Maker, { ...HERE, args: { buffer } })),
  );
  for (let index = 0; index < sides; index++) {
    await system.spawn(Eater, { ...HERE, args: { buffer } });
  }
  return {
    opsPerCall: sides * each,
    call: () =>
      untilFinished(() => {
        buffer.tell('expect', sides * each);
        for (const maker of makers) maker.tell('run', each);
      }),
  };
});

const bank: BenchContender = withSystem(ONE, async (system, quick) => {
  const moves = quick ? 500 : 20_000;
  const finish = await spawnFinish(system);
  const teller = await system.spawn(Teller, { ...HERE, args: { finish, accounts: 1000 } });
  return { opsPerCall: moves, call: () => untilFinished(() => teller.tell('run', moves)) };
});

/** Spawned, greeted and ended again. */
const idle: BenchContender = withSystem(ONE, async (system, quick) => {
  const n = quick ? 2000 : 100_000;
  return {
    opsPerCall: n,
    call: async () => {
      const nursery = await system.spawn(Nursery, HERE);
      const count = await nursery.ask('spawnAndGreet', n);
      await system.stop(nursery);
      return count;
    },
  };
});

function row(
  name: string,
  ours: BenchContender,
  nact: BenchContender | null = null,
  unit: BenchRow['unit'] = 'M ops/s',
): BenchRow {
  return {
    id: 'SAVINA',
    name,
    unit,
    ours,
    peers: nact === null ? {} : { nact },
    target: nact === null ? {} : { ratioAtLeast: { nact: 3 } },
  };
}

export const rows: readonly BenchRow[] = [
  row('ping-pong, round trips', pingPong, nactPingPong),
  row('counting, messages', flow({ kind: 'number', messages: 200_000 }), nactTell),
  row('fork-join create, actors', create),
  row('fork-join throughput, 60 actors, messages', throughput),
  row('thread ring of 100, hops', threadRing(100), nactRing(100)),
  row('chameneos of 100, meetings', chameneos),
  row('big of 120, pings', big),
  row('bounded buffer, 10 and 10, items', boundedBuffer),
  row('bank of 1,000 accounts, transfers', bank),
  row(
    'mailbox contention, 100 to 1, messages',
    flow({
      kind: 'number',
      producers: 100,
      messages: 400_000,
    }),
  ),
  row('skynet of 100,000 leaves, leaves', skynet),
  row('restart storm of 10,000 children', storm, null, 'ms/op'),
  row('100,000 actors spawned, greeted and ended', idle),
];
