/** A small ring with both sides open, for tests on one thread. */
import {
  createRing,
  RingConsumer,
  type RingOptions,
  RingProducer,
  SharedMem,
} from '../../../src/hotpath/ring/index.ts';

export function openRing(options: RingOptions = {}): {
  readonly mem: SharedMem;
  readonly producer: RingProducer;
  readonly consumer: RingConsumer;
} {
  const mem = new SharedMem(createRing({ dataBytes: 1024, controlBytes: 256, ...options }));
  return { mem, producer: new RingProducer(mem), consumer: new RingConsumer(mem) };
}
