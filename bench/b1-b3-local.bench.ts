/**
 * B1 to B3, messages on one thread: tell, ping-pong, ask with timeout and cancellation, against
 * actor libraries for JavaScript and Erlang. Answers: what does a message cost? Does not answer:
 * what a handler may do meanwhile. Checksums: mean of the values that arrived.
 */
import { finished, spawnFinish } from './actors/finish.ts';
import { Answerer, Ping, Pong } from './actors/round-trip.ts';
import { flow } from './flow.ts';
import type { BenchContender, BenchRow } from './harness/row.ts';
import { withSystem } from './harness/with-system.ts';
import { comedyAsk, comedyPingPong, comedyTell } from './peers/comedy.ts';
import { erlang } from './peers/erlang.ts';
import { nactPingPong, nactQuery, nactTell } from './peers/nact.ts';
import { xstatePingPong, xstateTell } from './peers/xstate.ts';

export const pingPong: BenchContender = withSystem({ threads: 0 }, async (system, quick) => {
  const n = quick ? 4000 : 100_000;
  const finish = await spawnFinish(system);
  const pong = await system.spawn(Pong, { placement: 'same' });
  const ping = await system.spawn(Ping, { placement: 'same', args: { pong, finish } });
  return {
    opsPerCall: n,
    call: () => {
      const end = finished();
      ping.tell('run', n);
      return end;
    },
  };
});

/** Asks, `inFlight` under way; mean of the answers. */
function asks(inFlight: number, withSignal: boolean): BenchContender {
  return withSystem({ threads: 0 }, async (system, quick) => {
    const n = (quick ? 20 : 300) * 100;
    const server = await system.spawn(Answerer, { placement: 'same' });
    const { signal } = new AbortController();
    const options = withSignal ? { timeout: 5000, signal } : { timeout: 5000 };
    const ask = (): Promise<number> => server.ask('half', 2, options);
    return {
      opsPerCall: n,
      call: inFlight === 1 ? () => oneByOne(ask, n) : () => byGroups(ask, n, inFlight),
    };
  });
}

async function oneByOne(ask: () => Promise<number>, n: number): Promise<number> {
  let sum = 0;
  for (let done = 0; done < n; done++) sum += await ask();
  return sum / n;
}

async function byGroups(ask: () => Promise<number>, n: number, inFlight: number): Promise<number> {
  let sum = 0;
  for (let done = 0; done < n; done += inFlight) {
    const answers = await Promise.all(Array.from({ length: inFlight }, ask));
    for (const answer of answers) sum += answer;
  }
  return sum / n;
}

function askRow(name: string, inFlight: number, withSignal: boolean): BenchRow {
  return {
    id: 'B3',
    name,
    unit: 'M ops/s',
    ours: asks(inFlight, withSignal),
    peers: {
      // comedy has no timeout, and neither of them has a way to call a question off.
      nact: nactQuery(inFlight),
      comedy: comedyAsk(inFlight),
      ...(inFlight === 1 ? { Erlang: erlang('call', 50_000, 5000) } : {}),
    },
    target: {
      perSecondAtLeast: 1.5e6,
      ratioAtLeast: { nact: 3, comedy: 1, ...(inFlight === 1 ? { Erlang: 1 } : {}) },
    },
    sameWork: true,
  };
}

export const rows: readonly BenchRow[] = [
  {
    id: 'B1',
    name: 'local tell, one producer, one consumer',
    unit: 'M ops/s',
    ours: flow({ kind: 'number', messages: 200_000 }),
    peers: {
      nact: nactTell,
      comedy: comedyTell,
      xstate: xstateTell,
      Erlang: erlang('tell', 500_000, 20_000),
    },
    target: {
      perSecondAtLeast: 12e6,
      ratioAtLeast: { nact: 3, comedy: 3, xstate: 3, Erlang: 1 },
    },
    sameWork: true,
  },
  {
    id: 'B2',
    name: 'local ping-pong, round trips',
    unit: 'M ops/s',
    ours: pingPong,
    peers: {
      nact: nactPingPong,
      comedy: comedyPingPong,
      xstate: xstatePingPong,
      Erlang: erlang('ping_pong', 200_000, 10_000),
    },
    target: {
      perSecondAtLeast: 4e6,
      ratioAtLeast: { nact: 1, comedy: 1, xstate: 1, Erlang: 1 },
    },
    sameWork: true,
  },
  askRow('local ask with a timeout, one after the other', 1, false),
  askRow('local ask with a timeout and an AbortSignal, one after the other', 1, true),
  askRow('local ask with a timeout, 100 in flight', 100, false),
  askRow('local ask with a timeout and an AbortSignal, 100 in flight', 100, true),
];
