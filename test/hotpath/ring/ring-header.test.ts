/** Opening a ring: options, headers, spans, roles and generations, and everything that is refused. */
import { describe, expect, test } from 'vitest';
import {
  createRing,
  formatRing,
  RING_CORRUPT,
  RingConsumer,
  RingProducer,
  ringBytes,
  SharedMem,
} from '../../../src/hotpath/ring/index.ts';
import { DATA_TAIL_WORD } from '../../../src/hotpath/ring/ring-layout.ts';
import { codeOf } from '../error-code.ts';
import { openRing } from './open-ring.ts';

const bytesOf = (...values: number[]): Uint8Array => Uint8Array.from(values);

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
    ['dataBytes', { dataBytes: 2 ** 30, controlBytes: 2 ** 30 }],
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
    const { mem, producer } = openRing();
    expect(codeOf(() => new RingProducer(mem))).toBe('RM_RING_INVALID');
    expect(codeOf(() => new RingConsumer(mem))).toBe('RM_RING_INVALID');
    expect(() => new RingProducer(mem, { takeOver: true })).not.toThrow();
    producer.close();
    const successor = new RingProducer(mem);
    // A second close must not take the role away from whoever has it now.
    producer.close();
    expect(codeOf(() => new RingProducer(mem))).toBe('RM_RING_INVALID');
    successor.close();
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
