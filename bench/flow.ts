/** Our contender for streams of messages: so many producers on one thread, a consumer on one. */

import { finished, spawnFinish } from './actors/finish.ts';
import { Consumer, type FlowKind, Producer } from './actors/flow.ts';
import type { BenchContender } from './harness/row.ts';
import { withSystem } from './harness/with-system.ts';

/** What flows, and where. */
export type FlowOptions = {
  readonly kind: FlowKind;
  /** Default 1. */
  readonly producers?: number;
  /** Thread of the consumer; the producers are on the main thread. Default 0. */
  readonly consumerThread?: 0 | 1;
  /** Messages in a call of a full run. */
  readonly messages: number;
};

export function flow(options: FlowOptions): BenchContender {
  const { kind, producers = 1, consumerThread = 0 } = options;
  return withSystem({ threads: consumerThread, spare: false }, async (system, quick) => {
    const n = quick ? 8000 : options.messages;
    const finish = await spawnFinish(system);
    const placement = consumerThread === 0 ? 'same' : { thread: consumerThread };
    const to = await system.spawn(Consumer, { placement, args: { finish, expect: n } });
    const all = await Promise.all(
      Array.from({ length: producers }, () =>
        system.spawn(Producer, { placement: 'same', args: { to, kind } }),
      ),
    );
    return {
      opsPerCall: n,
      call: () => {
        const end = finished();
        for (const producer of all) producer.tell('run', n / producers);
        return end;
      },
    };
  });
}
