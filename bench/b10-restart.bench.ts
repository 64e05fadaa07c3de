/**
 * B10, restarting a crashed child, from the throw to the end of the new `setup`: median and 99th
 * percentile, fresh and after thousands of restarts; and a storm in which all children of one
 * supervisor crash at once. Against OTP's supervisor. Checksum: how many restarts there were.
 */
import type { SupervisorOptions } from 'ringmaster';
import { Crasher, crashLog, restartsOf } from './actors/crasher.ts';
import type { BenchContender, BenchRow } from './harness/row.ts';
import { quantile } from './harness/statistics.ts';
import { withSystem } from './harness/with-system.ts';
import { erlang } from './peers/erlang.ts';

/** Restarts for ever and at once, as OTP's does with a high intensity. */
const FOR_EVER: SupervisorOptions = {
  intensity: { restarts: Number.POSITIVE_INFINITY },
  backoff: { initial: 1, max: 1, firstAtOnce: true, healthyAfter: 0 },
};

/** Restarts one by one; the first `before` are not counted. */
function restarts(share: number, before: number): BenchContender {
  return withSystem({ threads: 0 }, async (system, quick) => {
    const n = quick ? 100 : 2000;
    const child = await system.supervisor(FOR_EVER).spawn(Crasher, { placement: 'same' });
    const crash = async (count: number): Promise<void> => {
      const all = restartsOf(count);
      for (let index = 0; index < count; index++) {
        child.tell('boom');
        await child.ask('hi');
      }
      await all;
    };
    if (before > 0) await crash(quick ? 200 : before);
    let figure = 0;
    return {
      opsPerCall: n,
      call: async () => {
        await crash(n);
        figure = quantile(crashLog.restartNs, share);
        return crashLog.restarts === n ? 1 : 0;
      },
      own: () => figure,
    };
  });
}

/** All children of one supervisor crash at once. */
export const storm: BenchContender = withSystem({ threads: 0 }, async (system, quick) => {
  const n = quick ? 500 : 10_000;
  const supervisor = system.supervisor(FOR_EVER);
  const children = await Promise.all(
    Array.from({ length: n }, () => supervisor.spawn(Crasher, { placement: 'same' })),
  );
  let cost = 0;
  return {
    opsPerCall: n,
    call: async () => {
      const all = restartsOf(n);
      const startMs = performance.now();
      for (const child of children) child.tell('boom');
      await all;
      cost = (performance.now() - startMs) * 1e6;
      return crashLog.restarts === n ? 1 : 0;
    },
    own: () => cost,
  };
});

export const rows: readonly BenchRow[] = [
  {
    id: 'B10',
    name: 'restart of a child, median',
    unit: 'µs/op',
    ours: restarts(0.5, 0),
    peers: { Erlang: erlang('restart_p50', 500, 100) },
    target: { atMost: 2, ratioAtLeast: { Erlang: 1 } },
  },
  {
    id: 'B10',
    name: 'restart of a child, 99th percentile',
    unit: 'µs/op',
    ours: restarts(0.99, 0),
    peers: { Erlang: erlang('restart_p99', 500, 100) },
    target: { atMost: 10, ratioAtLeast: { Erlang: 1 } },
  },
  {
    id: 'B10',
    name: 'restart of a child after 5,000 restarts, median',
    unit: 'µs/op',
    ours: restarts(0.5, 5000),
    peers: { Erlang: erlang('restart_old_p50', 200, 20) },
    target: { atMost: 2, ratioAtLeast: { Erlang: 1 } },
  },
  {
    id: 'B10',
    name: '10,000 children of one supervisor crash at once',
    unit: 'ms/op',
    ours: storm,
    peers: { Erlang: erlang('storm', 10_000, 500) },
    target: { atMost: 60, ratioAtLeast: { Erlang: 1 } },
  },
];
