/** The record ring against a plain queue, and with every bit of it flipped. */
import { test as propertyTest } from '@fast-check/vitest';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createRing,
  RING_CORRUPT,
  RING_EMPTY,
  RING_RECORD,
  RingConsumer,
  RingProducer,
  SharedMem,
} from '../../../src/hotpath/ring/index.ts';
import {
  DATA_HEAD_WORD,
  DATA_TAIL_WORD,
  dataOffsetBytes,
} from '../../../src/hotpath/ring/ring-layout.ts';

type Step =
  | { readonly kind: 'write'; readonly bytes: Uint8Array }
  | { readonly kind: 'abort'; readonly length: number }
  | { readonly kind: 'publish' }
  | { readonly kind: 'poll' }
  | { readonly kind: 'drain'; readonly max: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.uint8Array({ maxLength: 40 }).map((bytes) => ({ kind: 'write' as const, bytes })),
  },
  { weight: 1, arbitrary: fc.nat(40).map((length) => ({ kind: 'abort' as const, length })) },
  { weight: 2, arbitrary: fc.constant({ kind: 'publish' as const }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'poll' as const }) },
  { weight: 2, arbitrary: fc.nat(6).map((max) => ({ kind: 'drain' as const, max })) },
);

const setup = fc.record({
  dataBytes: fc.constantFrom(64, 128, 512),
  payloadCheck: fc.boolean(),
  firstPosition: fc.constantFrom(0, -8, -64, 0x7ffffff8, -0x80000000),
  publishEveryRecords: fc.constantFrom(1, 2, 7, 64),
});

/** A queue with the ring's arithmetic: what fits, what is visible, what was taken. */
class Model {
  readonly records: { id: number; bytes: Uint8Array; frame: number }[] = [];
  visible = 0;
  taken = 0;
  readonly #capacity: number;
  readonly #overhead: number;

  constructor(capacity: number, payloadCheck: boolean) {
    this.#capacity = capacity;
    this.#overhead = payloadCheck ? 4 : 0;
  }

  frame(length: number): number {
    const payload = this.#overhead === 0 ? length : Math.ceil(length / 4) * 4 + this.#overhead;
    return Math.ceil((payload + 8) / 8) * 8;
  }

  fits(length: number): boolean {
    const used = this.records.reduce((sum, record) => sum + record.frame, 0);
    return used + this.frame(length) <= this.#capacity;
  }
}

function readAll(mem: SharedMem, at: number, length: number): number[] {
  return [...mem.bytes.subarray(at, at + length)];
}

describe('ring model', () => {
  // Guards: HOT-1 HOT-2 D1 D2 D4
  propertyTest.prop([setup, fc.array(step, { maxLength: 120 })])(
    'ring model - behaves as a bounded queue',
    (options, steps) => {
      const mem = new SharedMem(createRing({ ...options, controlBytes: 64, recordBytesMax: 40 }));
      const producer = new RingProducer(mem, options).data;
      const consumer = new RingConsumer(mem).data;
      const model = new Model(options.dataBytes, options.payloadCheck);
      let nextId = 0;
      const take = (kind: number, at: number, length: number): void => {
        const expected = model.records[model.taken];
        expect(kind).toBe((expected?.id ?? -1) % 1000);
        expect(readAll(mem, at, length)).toEqual([...(expected?.bytes ?? [])]);
        model.taken++;
        model.visible--;
      };
      const release = (): void => {
        model.records.splice(0, model.taken);
        model.taken = 0;
      };
      for (const action of steps) {
        if (action.kind === 'write') {
          const fits = model.fits(action.bytes.length);
          expect(producer.write(nextId % 1000, action.bytes)).toBe(fits);
          if (fits) {
            model.records.push({
              id: nextId++,
              bytes: action.bytes,
              frame: model.frame(action.bytes.length),
            });
          }
          model.visible = model.records.length - model.taken - producer.pendingRecords;
        } else if (action.kind === 'abort') {
          const at = producer.claim(action.length);
          expect(at >= 0).toBe(model.fits(action.length));
          if (at >= 0) mem.bytes.fill(0xee, at, at + action.length);
          producer.abort();
          model.visible = model.records.length - model.taken - producer.pendingRecords;
        } else if (action.kind === 'publish') {
          producer.publish();
          model.visible = model.records.length - model.taken;
        } else if (action.kind === 'poll') {
          const status = consumer.poll();
          expect(status).toBe(model.visible > 0 ? RING_RECORD : RING_EMPTY);
          if (status === RING_RECORD) take(consumer.kind, consumer.at, consumer.length);
        } else {
          const before = model.visible;
          expect(consumer.drain(take, action.max)).toBe(Math.min(before, action.max));
          release();
        }
      }
    },
  );

  test('ring model - with every bit flipped in turn nothing false is delivered', () => {
    // Guards: D6 HOT-3
    const options = { dataBytes: 128, controlBytes: 64, recordBytesMax: 24, payloadCheck: true };
    const payloads = [[1, 2, 3], [], [9, 9, 9, 9, 9, 9, 9, 9, 9]].map((bytes) =>
      Uint8Array.from(bytes),
    );
    const at = dataOffsetBytes(options);
    const first = 8 * at;
    const places = Array.from({ length: 8 * 128 }, (_, bit) => first + bit);
    for (const word of [DATA_TAIL_WORD, DATA_HEAD_WORD]) {
      for (let bit = 0; bit < 32; bit++) places.push(word * 32 + bit);
    }
    let refused = 0;
    for (const place of places) {
      const mem = new SharedMem(createRing(options));
      const producer = new RingProducer(mem);
      const consumer = new RingConsumer(mem).data;
      payloads.forEach((bytes, kind) => void producer.data.write(kind, bytes));
      producer.publish();
      (mem.bytes[place >> 3] as number) ^= 1 << (place & 7);
      let delivered = 0;
      const status = consumer.drain((kind, start, length) => {
        expect(kind).toBe(delivered);
        expect(readAll(mem, start, length)).toEqual([...(payloads[delivered++] as Uint8Array)]);
      });
      if (consumer.corruption !== null) {
        refused++;
        // A tail that is too far ahead is noticed behind the last record, the rest before it.
        expect(delivered).toBeLessThanOrEqual(payloads.length);
        expect(consumer.poll()).toBe(RING_CORRUPT);
      } else expect(status).toBe(delivered);
    }
    // Frames take 16 + 16 + 32 bytes; most of their bits, and most of the tail's, must be noticed.
    expect(refused).toBeGreaterThan(300);
  });

  test('ring model - a foreign head makes the producer stop, not overwrite', () => {
    const mem = new SharedMem(createRing({ dataBytes: 64, recordBytesMax: 24 }));
    const producer = new RingProducer(mem).data;
    while (producer.write(1, new Uint8Array(8)));
    for (const head of [8 * 1000, -8, 3]) {
      mem.words[DATA_HEAD_WORD] = head;
      expect([head, producer.claim(8)]).toEqual([head, RING_CORRUPT]);
    }
  });
});
