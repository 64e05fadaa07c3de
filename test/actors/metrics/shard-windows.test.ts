/** The windows of one shard that are kept: what they cost, and that they hold what was closed. */
import { MetricFeed, ShardWindows } from 'ringmaster/control-plane';
import { MetricShard } from 'ringmaster/hotpath';
import { expect, test } from 'vitest';

const KEPT = 16;

test('shard windows - a window takes room by what is in use, not by what the feed could have', () => {
  const feed = new MetricFeed('router', { incarnation: 1 });
  const windows = new ShardWindows(MetricShard.attach(feed.attachment().shard), 0, KEPT);
  let nowMs = 0;
  const close = (instances: number): void => {
    for (let i = 0; i < instances; i++) {
      const who = { service: 'web', revision: 'v1', zone: 'a', instance: `web#${i}` };
      feed.record({ ...who, isBaseline: false }, 0.01, false);
    }
    feed.flip();
    const { series, names } = feed.attachment();
    windows.name(series, names);
    nowMs += 1000;
    expect(windows.take(nowMs)).toBe(true);
  };
  const bytesKept = (): number =>
    windows
      .newest(KEPT * 1000, nowMs)
      .flatMap(({ views }) => [...views.values()])
      .reduce((sum, { layout }) => sum + layout.byteLength, 0);
  const requestsOf = (instance: string): number => {
    const [tally] = windows.series('web', 'requests_total', instance);
    const [newest] = windows.newest(1000, nowMs);
    return newest?.views.get('tally')?.count(tally?.number ?? 0) ?? 0;
  };

  for (let i = 0; i < 2 * KEPT; i++) close(3);
  expect(requestsOf('web#2')).toBe(1);
  // Of a feed that could have a thousand instances, for which one window alone takes megabytes.
  expect(bytesKept()).toBeLessThan(KEPT * 65_536);

  for (let i = 0; i < KEPT; i++) close(400);
  expect(requestsOf('web#399')).toBe(1);
  close(3);
  // Its rows are there, and had nothing.
  expect(requestsOf('web#2')).toBe(1);
  expect(requestsOf('web#399')).toBe(0);
});
