/**
 * The shared structures on real threads, in small: the long run is `npm run litmus`. It starts the
 * compiled threads of the benchmark folder, since a thread cannot load TypeScript on Node 20.
 */
import { describe, expect, test } from 'vitest';
import type * as Litmus from '../../bench/litmus/run.ts';

const RUN: string = new URL('../../build/bench/litmus/run.js', import.meta.url).href;
const { killedProducerLitmus, publishLitmus, ringLitmus } = (await import(RUN)) as typeof Litmus;

const small = { dataBytes: 4096, payloadBytesMax: 300, seed: 1 };

describe('threads', () => {
  // Guards: D1 D2 D6 HOT-1 HOT-2 HOT-3
  test.each([
    ['a small lane, mostly full', { ...small, records: 200_000 }],
    [
      'records as large as there are',
      { ...small, records: 3000, dataBytes: 1 << 17, payloadBytesMax: 65_536 },
    ],
    ['payload checksums', { ...small, records: 50_000, payloadCheck: true }],
  ])('threads - every record arrives once, in order and whole: %s', async (_name, run) => {
    const [sent, received] = await ringLitmus(run);
    expect(received).toEqual({ ...sent, violation: null });
    expect(received.count).toBe(run.records);
  });

  // Guards: D6
  test('threads - a killed producer leaves whole records and a ring that can be drained', async () => {
    for (const after of [1, 1000, 30_000]) {
      const report = await killedProducerLitmus(
        { ...small, records: 1e9, dataBytes: 1 << 16 },
        after,
      );
      expect(report.violation).toBeNull();
      // All but the last batch was published, so it is delivered though its producer is dead.
      expect(report.count).toBeGreaterThan(after - 32);
    }
  });

  // Guards: R4 HOT-5 HOT-6
  test('threads - two readers never see two versions mixed, across the wrap of the numbers', async () => {
    const [written, ...read] = await publishLitmus({ versions: 20_000, slotBytes: 1024, slots: 4 });
    expect(written?.count).toBe(20_000);
    for (const report of read) {
      expect(report.violation).toBeNull();
      expect(report.count).toBeGreaterThan(0);
    }
  });
});
