/**
 * A record ring between two threads: how a span is created and how each side opens its half.
 * A ring has two lanes. The data lane carries ordinary records; the control lane is kept free for
 * system messages, so that they pass however full the data lane is.
 * It does not wake anybody: a consumer that sleeps needs a doorbell of its own.
 */
import { RingmasterError } from '../errors.ts';
import { type Mem, SharedMem } from '../mem.ts';
import { releaseRole, takeRole } from '../role.ts';
import { isFillPossible, type Lane } from './lane.ts';
import { DRAIN_RECORDS_MAX_DEFAULT, LaneConsumer, type RecordHandler } from './lane-consumer.ts';
import { LaneProducer, PUBLISH_EVERY_RECORDS_DEFAULT } from './lane-producer.ts';
import {
  formatRing,
  type RingHeader,
  type RingOptions,
  readHeader,
  ringSizes,
} from './ring-header.ts';
import {
  badOption,
  CONSUMER_ROLE_WORD,
  CONTROL_HEAD_WORD,
  CONTROL_OFFSET_BYTES,
  CONTROL_TAIL_WORD,
  DATA_HEAD_WORD,
  DATA_TAIL_WORD,
  dataOffsetBytes,
  frameRounding,
  generationSalt,
  invalid,
  laneRecordBytesMax,
  PRODUCER_ROLE_WORD,
  spanBytes,
} from './ring-layout.ts';
import { RING_CORRUPT } from './status.ts';

/** How to open a half of a ring. */
export type OpenOptions = {
  /** Refuse any other generation than this. Default: take what is there. */
  readonly generation?: number;
  /**
   * Take the role although somebody holds it. Only after that thread has ended: two live producers
   * or two live consumers destroy the ring. Default false.
   */
  readonly takeOver?: boolean;
};

/** Options of a producer. */
export type ProducerOptions = OpenOptions & {
  /** Records after which a lane publishes by itself; 1 to 65,536. Default 64. */
  readonly publishEveryRecords?: number;
};

/** Bytes of shared memory that a ring with these options takes. @throws RM_RING_OPTION */
export function ringBytes(options: RingOptions = {}): number {
  return spanBytes(ringSizes(options));
}

/** Allocates a buffer and formats it. Share `buffer` with the other thread. @throws RM_RING_OPTION */
export function createRing(options: RingOptions = {}): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(ringBytes(options));
  formatRing(new SharedMem(buffer), options);
  return buffer;
}

/** The producing half. Thread rule: one thread at a time. */
export class RingProducer {
  readonly generation: number;
  readonly data: LaneProducer;
  readonly control: LaneProducer;
  readonly #mem: Mem;
  #isClosed = false;

  /**
   * @throws RM_RING_INVALID when the span is no ring, or its producer is taken; RM_RING_GENERATION
   *   when it is another generation; RM_RING_OPTION.
   */
  constructor(mem: Mem, options: ProducerOptions = {}) {
    const every = options.publishEveryRecords ?? PUBLISH_EVERY_RECORDS_DEFAULT;
    if (!Number.isInteger(every) || every < 1 || every > 65_536) {
      throw badOption('publishEveryRecords', every, 'an integer from 1 to 65,536');
    }
    const header = open(mem, PRODUCER_ROLE_WORD, 'producer', options);
    this.#mem = mem;
    this.generation = header.generation;
    this.data = new LaneProducer(dataLane(mem, header), every);
    this.control = new LaneProducer(controlLane(mem, header), 1);
  }

  /** Publishes what either lane still holds; call at the end of a turn. */
  publish(): void {
    this.control.publish();
    this.data.publish();
  }

  /** Publishes and gives the role up, once; the object must not be used afterwards. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.publish();
    releaseRole(this.#mem, PRODUCER_ROLE_WORD);
  }
}

/** Handlers of the two lanes; see `RecordHandler`. */
export type RingHandlers = {
  readonly data: RecordHandler;
  readonly control: RecordHandler;
};

/** The consuming half. Thread rule: one thread at a time. */
export class RingConsumer {
  readonly generation: number;
  readonly data: LaneConsumer;
  readonly control: LaneConsumer;
  readonly #mem: Mem;
  #isClosed = false;

  /** @throws as `RingProducer`. */
  constructor(mem: Mem, options: OpenOptions = {}) {
    const header = open(mem, CONSUMER_ROLE_WORD, 'consumer', options);
    this.#mem = mem;
    this.generation = header.generation;
    this.data = new LaneConsumer(dataLane(mem, header));
    this.control = new LaneConsumer(controlLane(mem, header));
  }

  /**
   * Drains all of the control lane, then up to `dataRecordsMax` data records.
   *
   * Invariant HOT-4: a control record published before a data record is delivered before it. The
   * data lane's tail is looked at first: whatever it shows was published after control records that
   * the later look at the control lane is therefore bound to see.
   * @returns data and control records handed over, or RING_CORRUPT when the control lane is unusable or
   *   the data lane is and handed nothing over.
   */
  drain(handlers: RingHandlers, dataRecordsMax: number = DRAIN_RECORDS_MAX_DEFAULT): number {
    this.data.acquire();
    const control = this.control.drain(handlers.control, Number.POSITIVE_INFINITY);
    // A control record may be missing in front of the data now: nothing more is delivered.
    if (this.control.corruption !== null) return RING_CORRUPT;
    const data = this.data.drainAcquired(handlers.data, dataRecordsMax);
    return data === RING_CORRUPT ? RING_CORRUPT : control + data;
  }

  /** Releases what was taken and gives the role up, once; not to be used afterwards. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.control.release();
    this.data.release();
    releaseRole(this.#mem, CONSUMER_ROLE_WORD);
  }
}

function open(mem: Mem, roleWord: number, role: string, options: OpenOptions): RingHeader {
  const header = readHeader(mem);
  if (options.generation !== undefined && options.generation !== header.generation) {
    throw new RingmasterError(
      'RM_RING_GENERATION',
      `ring has generation ${header.generation}, expected ${options.generation}; ` +
        'ask for the current ring of this pair of threads.',
      { got: header.generation, expected: options.generation },
    );
  }
  if (!takeRole(mem, roleWord, options.takeOver === true)) {
    throw invalid(`a ring whose ${role} is open`, 'a free role; takeOver only if its thread ended');
  }
  try {
    checkFill(mem, DATA_TAIL_WORD, DATA_HEAD_WORD, header.dataBytes);
    checkFill(mem, CONTROL_TAIL_WORD, CONTROL_HEAD_WORD, header.controlBytes);
  } catch (error) {
    releaseRole(mem, roleWord);
    throw error;
  }
  return header;
}

/** Only after the role is taken: with its own word at rest, the other side cannot break HOT-1. */
function checkFill(mem: Mem, tailWord: number, headWord: number, capacityBytes: number): void {
  const head = mem.load(headWord);
  const fill = (mem.load(tailWord) - head) | 0;
  if (!isFillPossible(fill, capacityBytes) || (head & 7) !== 0) {
    throw invalid(`${fill} bytes between head and tail`, `0 to ${capacityBytes}, 8-aligned`);
  }
}

function dataLane(mem: Mem, header: RingHeader): Lane {
  return {
    mem,
    tailWord: DATA_TAIL_WORD,
    headWord: DATA_HEAD_WORD,
    recordsAt: dataOffsetBytes(header),
    capacityBytes: header.dataBytes,
    recordBytesMax: laneRecordBytesMax(header.dataBytes, header),
    payloadCheck: header.payloadCheck,
    rounding: frameRounding(header.payloadCheck),
    salt: generationSalt(header.generation),
  };
}

function controlLane(mem: Mem, header: RingHeader): Lane {
  return {
    mem,
    tailWord: CONTROL_TAIL_WORD,
    headWord: CONTROL_HEAD_WORD,
    recordsAt: CONTROL_OFFSET_BYTES,
    capacityBytes: header.controlBytes,
    recordBytesMax: laneRecordBytesMax(header.controlBytes, header),
    payloadCheck: header.payloadCheck,
    rounding: frameRounding(header.payloadCheck),
    salt: generationSalt(header.generation),
  };
}
