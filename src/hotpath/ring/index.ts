/**
 * The ring's own door, published as `ringmaster/sharedarraybuffer-ring`: usable without the rest.
 */
export { type ErrorData, type HotpathErrorCode, RingmasterError } from '../errors.ts';
export { type Mem, SharedMem } from '../mem.ts';
export type { LaneConsumer, RecordHandler, RingCorruption } from './lane-consumer.ts';
export type { LaneProducer } from './lane-producer.ts';
export {
  createRing,
  type OpenOptions,
  type ProducerOptions,
  RingConsumer,
  type RingHandlers,
  RingProducer,
  ringBytes,
} from './ring.ts';
export { type RingFill, ringFill } from './ring-fill.ts';
export { formatRing, type RingOptions } from './ring-header.ts';
export { RING_CORRUPT, RING_EMPTY, RING_FULL, RING_RECORD } from './status.ts';
