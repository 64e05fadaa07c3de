/**
 * A stream of messages from producers to a consumer: numbers, pairs or reports. A producer sends in
 * batches and after each sends itself the order to go on; when it is refused, after the event loop's
 * next round, by which time there is room.
 */
import { type AnyRef, actor, shape } from 'ringmaster';
import { type Report, reportOf } from '../peers/post-message.ts';

/** Messages that a producer sends before others have their turn. */
const BATCH = 64;

/** What a stream consists of. `sample` and `report` have declared shapes. */
export type FlowKind = 'number' | 'sample' | 'pair' | 'report';

/** Counts messages, and reports the mean of their values each time that all have come. */
export const Consumer = actor(import.meta.url, {
  name: 'Consumer',
  messages: {
    sample: shape({ id: 'u32', value: 'f64' }),
    report: shape({
      instance: 'u32',
      zone: 'str',
      load: 'f64',
      p99Ms: 'f64',
      errors: 'u32',
      isReady: 'bool',
    }),
  },
  setup({ finish, expect }: { readonly finish: AnyRef; readonly expect: number }) {
    let sum = 0;
    let seen = 0;
    const add = (x: number): void => {
      sum += x;
      if (++seen < expect) return;
      finish.tell('done', sum / expect);
      sum = 0;
      seen = 0;
    };
    return {
      number: add,
      sample: (sample: { id: number; value: number }) => add(sample.value),
      pair: (pair: { t: number; n: number }) => add(pair.n),
      report: (report: Report) => add(report.load),
    };
  },
});

type Send = (index: number) => string;

/** Sends `run` messages, the values 0 to 7 in turn. */
export const Producer = actor(import.meta.url, {
  name: 'Producer',
  setup({ to, kind }: { readonly to: AnyRef; readonly kind: FlowKind }, ctx) {
    let left = 0;
    const { self } = ctx;
    const send = senderOf(to, kind);
    const again = (): void => void self.tell('more');
    const more = (): void => {
      for (let room = BATCH; room > 0 && left > 0; room--) {
        if (send(left) !== 'accepted') {
          setImmediate(again);
          return;
        }
        left--;
      }
      if (left > 0) again();
    };
    return {
      run: (count: number) => {
        left += count;
        more();
      },
      more,
    };
  },
});

function senderOf(to: AnyRef, kind: FlowKind): Send {
  if (kind === 'number') return (index) => to.tell('number', index & 7);
  if (kind === 'sample') return (index) => to.tell('sample', { id: index, value: index & 7 });
  if (kind === 'pair') return (index) => to.tell('pair', { t: index, n: index & 7 });
  return (index) => to.tell('report', reportOf(index & 7));
}
