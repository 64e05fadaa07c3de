/** The record ring on one thread: claim, commit, drain, full and empty, every misuse and damage. */
import { describe, expect, test } from 'vitest';
import {
  createRing,
  RING_CORRUPT,
  RING_EMPTY,
  RING_FULL,
  RING_RECORD,
  RingConsumer,
  RingProducer,
  SharedMem,
} from '../../../src/hotpath/ring/index.ts';
import {
  CONTROL_OFFSET_BYTES,
  DATA_HEAD_WORD,
  DATA_TAIL_WORD,
  dataOffsetBytes,
  frameCheck,
  frameWord,
  generationSalt,
} from '../../../src/hotpath/ring/ring-layout.ts';
import { codeOf } from '../error-code.ts';
import { openRing } from './open-ring.ts';

const bytesOf = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe('ring', () => {
  test('ring - a record arrives with its kind, length and bytes', () => {
    const { mem, producer, consumer } = openRing();
    expect(producer.data.write(16_383, bytesOf(1, 2, 3))).toBe(true);
    producer.publish();
    expect(consumer.data.poll()).toBe(RING_RECORD);
    const { kind, at, length } = consumer.data;
    expect([kind, length]).toEqual([16_383, 3]);
    expect([...mem.bytes.subarray(at, at + length)]).toEqual([1, 2, 3]);
    expect(consumer.data.poll()).toBe(RING_EMPTY);
  });

  test('ring - nothing is visible before it is published', () => {
    const { producer, consumer } = openRing();
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
    const { mem, producer, consumer } = openRing({ dataBytes: 64, recordBytesMax: 24 });
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
    const { producer, consumer } = openRing({ dataBytes: 64, recordBytesMax: 24 });
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
    const { producer, consumer } = openRing({ dataBytes: 256 });
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
    const { mem, producer, consumer } = openRing({ dataBytes: 1 << 18 });
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
    const { producer, consumer } = openRing();
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
    const { producer, consumer } = openRing();
    const noLengths = [
      -1,
      -1 >>> 0,
      0.5,
      8.7,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      2 ** 31,
      2 ** 32,
    ];
    producer.data.write(9, bytesOf(1));
    for (const length of noLengths) {
      expect([length, codeOf(() => producer.data.commit(1, length))]).toEqual([
        length,
        'RM_RING_CLAIM',
      ]);
      expect([length, codeOf(() => producer.data.claim(length))]).toEqual([
        length,
        'RM_RING_RECORD_TOO_LARGE',
      ]);
    }
    expect(codeOf(() => producer.data.commit(1, 0))).toBe('RM_RING_CLAIM');
    producer.data.claim(5);
    expect(codeOf(() => producer.data.claim(8))).toBe('RM_RING_CLAIM');
    // 6 bytes would fit into the same frame, and are still not what was claimed.
    for (const length of [...noLengths, 6, 17]) {
      expect([length, codeOf(() => producer.data.commit(1, length))]).toEqual([
        length,
        'RM_RING_CLAIM',
      ]);
    }
    for (const kind of [-1, 16_384, 1.5, Number.NaN]) {
      expect(codeOf(() => producer.data.commit(kind, 5))).toBe('RM_RING_OPTION');
    }
    producer.data.commit(1, 5);
    producer.publish();
    const seen: number[] = [];
    expect(consumer.data.drain((kind, _at, length) => void seen.push(kind, length))).toBe(2);
    expect(seen).toEqual([9, 1, 1, 5]);
  });

  test('ring - a write that is refused leaves no claim open', () => {
    const { producer } = openRing();
    expect(codeOf(() => producer.data.write(20_000, bytesOf(1)))).toBe('RM_RING_OPTION');
    expect(codeOf(() => producer.data.write(1, new Uint8Array(5000)))).toBe(
      'RM_RING_RECORD_TOO_LARGE',
    );
    expect(producer.data.write(1, bytesOf(1))).toBe(true);
  });

  test('ring - a write into a ring that the consumer has corrupted throws, it does not look full', () => {
    const { mem, producer } = openRing({ dataBytes: 64, recordBytesMax: 24 });
    while (producer.data.write(1, bytesOf(9)));
    mem.words[DATA_HEAD_WORD] = 8000;
    expect(codeOf(() => producer.data.write(1, bytesOf(9)))).toBe('RM_RING_INVALID');
  });

  test('ring - a handler may drain its own lane and keeps the bytes in its hand', () => {
    const { mem, producer, consumer } = openRing({ dataBytes: 64, recordBytesMax: 24 });
    for (let kind = 1; kind <= 4; kind++) producer.data.write(kind, bytesOf(kind));
    producer.publish();
    const kinds: number[] = [];
    const count = consumer.data.drain((kind, at) => {
      kinds.push(kind);
      consumer.data.drain((inner) => void kinds.push(inner));
      expect(producer.data.claim(1)).toBe(RING_FULL);
      expect(mem.bytes[at]).toBe(1);
    });
    expect([count, kinds]).toEqual([1, [1, 2, 3, 4]]);
    expect(producer.data.claim(1)).toBeGreaterThan(0);
  });

  test('ring - after a damaged control record no data is handed over', () => {
    // Guards: HOT-4 D6
    const { mem, producer, consumer } = openRing();
    producer.control.write(1, bytesOf());
    producer.control.write(2, bytesOf());
    producer.data.write(2, bytesOf());
    producer.publish();
    (mem.words[(CONTROL_OFFSET_BYTES + 8) / 4] as number) ^= 1 << 20;
    const seen: string[] = [];
    const handlers = {
      control: (kind: number) => void seen.push(`control ${kind}`),
      data: (kind: number) => void seen.push(`data ${kind}`),
    };
    expect(consumer.drain(handlers)).toBe(RING_CORRUPT);
    expect(consumer.drain(handlers)).toBe(RING_CORRUPT);
    expect(seen).toEqual(['control 1']);
  });

  test('ring - bytes of an earlier lap never pass for a record', () => {
    // Guards: HOT-3
    const { mem, producer, consumer } = openRing({ dataBytes: 64, recordBytesMax: 24 });
    for (let lap = 0; lap < 4; lap++) producer.data.write(1, bytesOf(lap));
    producer.publish();
    expect(consumer.data.drain(() => undefined)).toBe(4);
    // The same frames lie there, whole; only the tail says that they are new.
    mem.words[DATA_TAIL_WORD] = 128;
    expect(consumer.data.poll()).toBe(RING_CORRUPT);
    expect(consumer.data.corruption?.reason).toBe('header');
  });

  test('ring - a frame with a sound check but a length beyond the limit is refused', () => {
    // Guards: D6
    const sizes = { dataBytes: 256, controlBytes: 64, recordBytesMax: 16, payloadCheck: false };
    const mem = new SharedMem(createRing(sizes));
    const consumer = new RingConsumer(mem);
    const at = dataOffsetBytes(sizes) / 4;
    mem.words[at] = frameWord(1, 100);
    mem.words[at + 1] = frameCheck(frameWord(1, 100), 0, generationSalt(0));
    mem.words[DATA_TAIL_WORD] = 112;
    expect(consumer.data.poll()).toBe(RING_CORRUPT);
  });

  test('ring - a control record at the end of its lane does not run into the data lane', () => {
    const { mem, producer, consumer } = openRing({ controlBytes: 64 });
    producer.data.write(1, bytesOf(1, 2, 3));
    for (const length of [40, 48]) {
      producer.control.write(2, new Uint8Array(length).fill(0xee));
      producer.publish();
      expect(consumer.control.drain(() => undefined)).toBe(1);
    }
    expect(consumer.data.poll()).toBe(RING_RECORD);
    const { at } = consumer.data;
    expect([...mem.bytes.subarray(at, at + 3)]).toEqual([1, 2, 3]);
  });

  test('ring - a handler that throws keeps the records behind it', () => {
    const { producer, consumer } = openRing();
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
    const { producer, consumer } = openRing();
    for (let kind = 0; kind < 5; kind++) producer.data.write(kind, bytesOf());
    producer.publish();
    expect(consumer.data.drain(() => undefined, 2)).toBe(2);
    expect(consumer.data.drain(() => undefined, 9)).toBe(3);
    expect(consumer.data.drain(() => undefined)).toBe(0);
  });
});
