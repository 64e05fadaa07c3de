/** The record ring on one thread: options, headers, full and empty, every misuse. */
import { describe, expect, test } from 'vitest';
import { RingmasterError } from '../../../src/hotpath/errors.ts';
import {
  createRing,
  formatRing,
  RING_CORRUPT,
  RING_EMPTY,
  RING_FULL,
  RING_RECORD,
  RingConsumer,
  type RingOptions,
  RingProducer,
  ringBytes,
  SharedMem,
} from '../../../src/hotpath/ring/index.ts';
import { DATA_TAIL_WORD } from '../../../src/hotpath/ring/ring-layout.ts';

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof RingmasterError) return error.code;
    throw error;
  }
  return 'no error';
}

function ringOf(options: RingOptions = {}) {
  const mem = new SharedMem(createRing({ dataBytes: 1024, controlBytes: 256, ...options }));
  return { mem, producer: new RingProducer(mem), consumer: new RingConsumer(mem) };
}

const bytesOf = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe('ring', () => {
  test('ring - a record arrives with its kind, length and bytes', () => {
    const { mem, producer, consumer } = ringOf();
    expect(producer.data.write(16_383, bytesOf(1, 2, 3))).toBe(true);
    producer.publish();
    expect(consumer.data.poll()).toBe(RING_RECORD);
    const { kind, at, length } = consumer.data;
    expect([kind, length]).toEqual([16_383, 3]);
    expect([...mem.bytes.subarray(at, at + length)]).toEqual([1, 2, 3]);
    expect(consumer.data.poll()).toBe(RING_EMPTY);
  });

  test('ring - nothing is visible before it is published', () => {
    const { producer, consumer } = ringOf();
    producer.data.write(1, bytesOf(1));
    expect(producer.data.pendingRecords).toBe(1);
    expect(consumer.data.poll()).toBe(RING_EMPTY);
    producer.data.publish();
    expect(producer.data.pendingRecords).toBe(0);
    expect(consumer.data.poll()).toBe(RING_RECORD);
  });

  test('ring - a batch is published by itself when it is long enough', () => {
    const mem = new SharedMem(createRing({ dataBytes: 1024 }));
    const producer = new RingProducer(mem, { publishEveryRecords: 3 });
    const consumer = new RingConsumer(mem);
    for (let record = 0; record < 4; record++) producer.data.write(record, bytesOf());
    expect(consumer.data.drain(() => undefined)).toBe(3);
  });

  test('ring - a full ring refuses without writing, and takes again after a drain', () => {
    // Guards: HOT-1 D4
    const { mem, producer, consumer } = ringOf({ dataBytes: 64, recordBytesMax: 24 });
    for (let record = 0; record < 4; record++)
      expect(producer.data.write(1, bytesOf(9))).toBe(true);
    const before = mem.bytes.slice();
    expect(producer.data.claim(1)).toBe(RING_FULL);
    expect(mem.words[DATA_TAIL_WORD]).toBe(64);
    before.set(
      new Uint8Array(mem.words.slice(DATA_TAIL_WORD, DATA_TAIL_WORD + 1).buffer),
      DATA_TAIL_WORD * 4,
    );
    expect(mem.bytes).toEqual(before);
    expect(consumer.data.drain(() => undefined)).toBe(4);
    expect(producer.data.write(1, bytesOf(9))).toBe(true);
  });

  test('ring - the control lane passes while the data lane is full', () => {
    // Guards: D4
    const { producer, consumer } = ringOf({ dataBytes: 64, recordBytesMax: 24 });
    while (producer.data.write(1, bytesOf(1)));
    expect(producer.control.write(5, bytesOf(7))).toBe(true);
    const seen: string[] = [];
    const count = consumer.drain({
      control: (kind) => void seen.push(`control ${kind}`),
      data: (kind) => void seen.push(`data ${kind}`),
    });
    expect(count).toBe(5);
    expect(seen[0]).toBe('control 5');
  });

  test('ring - a record as large as the lane fits at every position', () => {
    const { producer, consumer } = ringOf({ dataBytes: 256 });
    const largest = producer.data.recordBytesMax;
    expect(largest).toBe(248);
    for (let round = 0; round < 40; round++) {
      expect(producer.data.write(1, new Uint8Array(8 * (round % 5)))).toBe(true);
      producer.publish();
      expect(consumer.data.drain(() => undefined)).toBe(1);
      expect(producer.data.write(2, new Uint8Array(largest).fill(round))).toBe(true);
      producer.publish();
      expect(consumer.data.drain((_kind, _at, length) => expect(length).toBe(largest))).toBe(1);
    }
  });

  test('ring - 64 KiB records pass, one byte more is refused with the cure', () => {
    const { mem, producer, consumer } = ringOf({ dataBytes: 1 << 18 });
    const payload = new Uint8Array(65_536).map((_, index) => index * 31);
    producer.data.write(1, payload);
    producer.publish();
    expect(consumer.data.poll()).toBe(RING_RECORD);
    const { at, length } = consumer.data;
    expect(mem.bytes.slice(at, at + length)).toEqual(payload);
    expect(() => producer.data.claim(65_537)).toThrow(/RM_RING_RECORD_TOO_LARGE: .* chunks/);
    expect(codeOf(() => producer.control.claim(1000))).toBe('RM_RING_RECORD_TOO_LARGE');
  });

  test('ring - a commit may be shorter than its claim, and an abort leaves nothing', () => {
    const { producer, consumer } = ringOf();
    producer.data.claim(500);
    producer.data.abort();
    producer.data.claim(500);
    producer.data.commit(3, 2);
    producer.publish();
    const lengths: number[] = [];
    consumer.data.drain((_kind, _at, length) => void lengths.push(length));
    expect(lengths).toEqual([2]);
  });

  test('ring - misuse of claim and commit is refused and changes nothing', () => {
    const { producer, consumer } = ringOf();
    expect(codeOf(() => producer.data.commit(1, 0))).toBe('RM_RING_CLAIM');
    for (const length of [-1, Number.NaN, 1e9]) {
      expect(codeOf(() => producer.data.claim(length))).toBe('RM_RING_RECORD_TOO_LARGE');
    }
    producer.data.claim(8);
    expect(codeOf(() => producer.data.claim(8))).toBe('RM_RING_CLAIM');
    expect(codeOf(() => producer.data.commit(1, 17))).toBe('RM_RING_CLAIM');
    for (const kind of [-1, 16_384, 1.5, Number.NaN]) {
      expect(codeOf(() => producer.data.commit(kind, 8))).toBe('RM_RING_OPTION');
    }
    producer.data.commit(1, 8);
    producer.publish();
    expect(consumer.data.drain(() => undefined)).toBe(1);
  });

  test('ring - a handler that throws keeps the records behind it', () => {
    const { producer, consumer } = ringOf();
    for (let kind = 1; kind <= 3; kind++) producer.data.write(kind, bytesOf());
    producer.publish();
    const seen: number[] = [];
    const handler = (kind: number): void => {
      seen.push(kind);
      if (kind === 2) throw new Error('handler failed');
    };
    expect(() => consumer.data.drain(handler)).toThrow('handler failed');
    consumer.data.drain(handler);
    expect(seen).toEqual([1, 2, 3]);
  });

  test('ring - a drain stops at its limit', () => {
    const { producer, consumer } = ringOf();
    for (let kind = 0; kind < 5; kind++) producer.data.write(kind, bytesOf());
    producer.publish();
    expect(consumer.data.drain(() => undefined, 2)).toBe(2);
    expect(consumer.data.drain(() => undefined, 9)).toBe(3);
    expect(consumer.data.drain(() => undefined)).toBe(0);
  });
});

describe('ring header', () => {
  test.each([
    ['dataBytes', { dataBytes: 100 }],
    ['dataBytes', { dataBytes: 32 }],
    ['dataBytes', { dataBytes: 2 ** 31 }],
    ['dataBytes', { dataBytes: Number.NaN }],
    ['controlBytes', { controlBytes: 0 }],
    ['recordBytesMax', { recordBytesMax: 70_000 }],
    ['recordBytesMax', { recordBytesMax: -1 }],
    ['recordBytesMax', { dataBytes: 64, recordBytesMax: 60 }],
    ['generation', { generation: -1 }],
    ['generation', { generation: 2 ** 31 }],
    ['firstPosition', { firstPosition: 4 }],
    ['firstPosition', { firstPosition: 2 ** 31 }],
  ])('ring header - an impossible %s is refused by name: %j', (name, options) => {
    expect(() => createRing(options)).toThrow(new RegExp(`RM_RING_OPTION: ${name} is `));
  });

  test('ring header - an option of a producer is checked too', () => {
    const mem = new SharedMem(createRing());
    for (const publishEveryRecords of [0, 1.5, 70_000]) {
      expect(codeOf(() => new RingProducer(mem, { publishEveryRecords }))).toBe('RM_RING_OPTION');
    }
  });

  test('ring header - memory that is no ring is refused before a view is made', () => {
    const empty = new SharedMem(new SharedArrayBuffer(4096));
    expect(() => new RingConsumer(empty)).toThrow(/RM_RING_INVALID: got magic 0x00000000/);
    const tiny = new SharedMem(new SharedArrayBuffer(8));
    expect(codeOf(() => new RingProducer(tiny))).toBe('RM_RING_INVALID');
    expect(codeOf(() => formatRing(tiny))).toBe('RM_RING_INVALID');
  });

  test('ring header - every flipped bit of the identity is refused', () => {
    // Guards: D6
    for (let bit = 0; bit < 8 * 32; bit++) {
      const mem = new SharedMem(createRing({ dataBytes: 256, controlBytes: 64 }));
      (mem.words[bit >> 5] as number) ^= 1 << (bit & 31);
      expect([bit, codeOf(() => new RingProducer(mem))]).toEqual([bit, 'RM_RING_INVALID']);
    }
  });

  test('ring header - a span cut short is refused', () => {
    const buffer = createRing({ dataBytes: 1024 });
    const cut = new SharedMem(buffer, 0, 2048);
    expect(() => new RingConsumer(cut)).toThrow(/RM_RING_INVALID: got span of 2048 bytes/);
  });

  test('ring header - a span must be shared, aligned and inside its buffer', () => {
    const buffer = new SharedArrayBuffer(1024);
    for (const [offset, length] of [
      [4, 8],
      [0, 12],
      [0, 2048],
      [-8, 8],
      [1024, 8],
    ] as const) {
      expect(codeOf(() => new SharedMem(buffer, offset, length))).toBe('RM_MEM_INVALID');
    }
    const notShared = new ArrayBuffer(64) as unknown as SharedArrayBuffer;
    expect(() => new SharedMem(notShared)).toThrow(/got \[object ArrayBuffer\], expected a Shared/);
  });

  test('ring header - several rings share one buffer', () => {
    const bytes = ringBytes({ dataBytes: 64, controlBytes: 64 });
    const buffer = new SharedArrayBuffer(2 * bytes);
    const spans = [new SharedMem(buffer, 0, bytes), new SharedMem(buffer, bytes, bytes)];
    for (const span of spans) formatRing(span, { dataBytes: 64, controlBytes: 64 });
    spans.forEach((span, index) => {
      const producer = new RingProducer(span);
      producer.data.write(index + 1, bytesOf());
      producer.publish();
    });
    const kinds = spans.map((span) => {
      const consumer = new RingConsumer(span);
      consumer.data.poll();
      return consumer.data.kind;
    });
    expect(kinds).toEqual([1, 2]);
  });

  test('ring header - each role is taken once, and a dead owner is replaced on request', () => {
    const { mem, producer } = ringOf();
    expect(codeOf(() => new RingProducer(mem))).toBe('RM_RING_INVALID');
    expect(codeOf(() => new RingConsumer(mem))).toBe('RM_RING_INVALID');
    expect(() => new RingProducer(mem, { takeOver: true })).not.toThrow();
    producer.close();
    expect(() => new RingProducer(mem)).not.toThrow();
  });

  test('ring header - a role is free again when opening failed', () => {
    const mem = new SharedMem(createRing({ dataBytes: 64 }));
    mem.words[DATA_TAIL_WORD] = 4;
    expect(codeOf(() => new RingConsumer(mem))).toBe('RM_RING_INVALID');
    mem.words[DATA_TAIL_WORD] = 0;
    expect(() => new RingConsumer(mem)).not.toThrow();
  });

  test('ring header - another generation is refused', () => {
    const mem = new SharedMem(createRing({ generation: 3 }));
    expect(codeOf(() => new RingProducer(mem, { generation: 2 }))).toBe('RM_RING_GENERATION');
    expect(new RingProducer(mem, { generation: 3 }).generation).toBe(3);
  });

  test('ring header - records of an earlier generation in the same memory never pass', () => {
    // Guards: HOT-3
    const mem = new SharedMem(createRing({ dataBytes: 256, generation: 1 }));
    const producer = new RingProducer(mem);
    producer.data.write(1, bytesOf(1));
    producer.publish();
    const tail = mem.words[DATA_TAIL_WORD] as number;
    formatRing(mem, { dataBytes: 256, generation: 2 });
    mem.words[DATA_TAIL_WORD] = tail;
    const consumer = new RingConsumer(mem);
    expect(consumer.data.poll()).toBe(RING_CORRUPT);
    expect(consumer.data.corruption).toEqual({ reason: 'header', position: 0 });
  });
});
