/**
 * One writer and one reader per shard: who is refused, who may follow, and what a refusal leaves.
 */
import { describe, expect, test } from 'vitest';
import { MetricReader } from '../../../src/hotpath/metrics/metric-reader.ts';
import { MetricWriter } from '../../../src/hotpath/metrics/metric-writer.ts';
import { MetricShard } from '../../../src/hotpath/metrics/shard.ts';
import { READER_ROLE_WORD } from '../../../src/hotpath/metrics/shard-layout.ts';
import { nameOf } from './samples.ts';

/** A shard with one closed window, in which series 1 has one sample. */
function closedOnce() {
  const shard = MetricShard.create({ seriesMax: { tally: 4 } });
  const writer = new MetricWriter(shard);
  const slab = writer.slab('tally');
  slab.register(nameOf(1));
  slab.observe(1, 5);
  writer.tryFlip();
  return { shard, writer, slab };
}

describe('writer role', () => {
  // Guards: HOT-11 HOT-15
  test('role - a second writer is refused, from any thread, and changes nothing', () => {
    const { shard, writer, slab } = closedOnce();
    for (const seen of [shard, MetricShard.attach(shard.handle)]) {
      const before = Buffer.from(shard.handle.buffer.slice(0));
      expect(() => new MetricWriter(seen)).toThrow(/RM_METRICS_STATE.*create another shard/);
      expect(before.equals(new Uint8Array(shard.handle.buffer))).toBe(true);
    }
    const reader = new MetricReader(shard);
    reader.acquire();
    reader.release();
    slab.observe(1, 7);
    writer.tryFlip();
    reader.acquire();
    expect(reader.window('tally').sum(1)).toBe(7);
  });

  test('role - options that are refused leave the shard to another writer', () => {
    const shard = MetricShard.create({ seriesMax: { tally: 4 } });
    expect(() => new MetricWriter(shard, { seriesPerMetricMax: 0 })).toThrow('RM_METRICS_OPTION');
    expect(new MetricWriter(shard).slab('tally').registry.inputs).toBe(1);
  });
});

describe('reader role', () => {
  // Guards: HOT-11
  test('role - a second reader is refused until the first closes, which it does once', () => {
    const { shard } = closedOnce();
    const first = new MetricReader(shard);
    expect(() => new MetricReader(shard)).toThrow('RM_METRICS_STATE');
    first.close();
    const second = new MetricReader(shard);
    first.close();
    expect(() => new MetricReader(shard)).toThrow('RM_METRICS_STATE');
    expect(second.acquire()).toBe(true);
  });

  test('role - a closed reader reads nothing more, and its window goes to the next', () => {
    const { shard, writer } = closedOnce();
    const first = new MetricReader(shard);
    first.acquire();
    first.close();
    expect(() => first.acquire()).toThrow('RM_METRICS_STATE');
    expect(() => first.window('tally')).toThrow('RM_METRICS_STATE');
    expect(() => first.release()).toThrow('RM_METRICS_STATE');
    expect(writer.tryFlip()).toBe(false);
    const second = new MetricReader(shard);
    second.acquire();
    expect(second.window('tally').sum(1)).toBe(5);
  });

  test('role - a reader whose thread ended is succeeded, and its window is read again', () => {
    const { shard, writer } = closedOnce();
    new MetricReader(shard).acquire();
    const successor = new MetricReader(MetricShard.attach(shard.handle), { takeOver: true });
    expect(successor.acquire()).toBe(true);
    expect(successor.window('tally').count(1)).toBe(1);
    successor.release();
    expect(writer.tryFlip()).toBe(true);
  });

  test('role - a role word that nobody wrote is no role to take over', () => {
    const { shard } = closedOnce();
    shard.flipMem.store(READER_ROLE_WORD, 7);
    expect(() => new MetricReader(shard, { takeOver: true })).toThrow('RM_METRICS_STATE');
  });
});
