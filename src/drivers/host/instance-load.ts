/**
 * What each instance has to do and what it uses: requests as routers have counted them, processor and
 * memory as the system tells. For people who look; nothing is decided by it.
 */
import type { MetricQuery, MetricReading, ServiceRecord } from '../../actors/index.ts';
import type { AnyRef } from '../../runtime/index.ts';
import type { AddressBook } from '../address-book.ts';
import { usageOf } from '../process/proc-usage.ts';

/** One instance. Null: nobody knows. */
export type InstanceLoad = {
  readonly instance: string;
  readonly service: string;
  readonly zone: string;
  readonly version: string;
  readonly pid: number | null;
  /** Requests in a second, share of errors, and milliseconds of the slowest hundredth. */
  readonly rate: number | null;
  readonly errorRatio: number | null;
  readonly p99Ms: number | null;
  /** Of one core: 0.5 is half of it. */
  readonly cores: number | null;
  readonly memoryBytes: number | null;
};

/** Of readings; shorter: jumps more. Milliseconds. */
const WINDOW_MS = 10_000;
const NAMES = ['rate', 'error_ratio', 'p99', 'cpu'] as const;

/** Of all instances of these services that run here. `metrics`: understands `read`. */
export async function instanceLoads(
  records: readonly ServiceRecord[],
  metrics: AnyRef,
  book: AddressBook,
): Promise<readonly InstanceLoad[]> {
  const all = records.flatMap((record) =>
    [...record.instances.values()].map(({ id, zone, revision }) => ({
      record,
      id,
      zone,
      revision,
    })),
  );
  const queries: readonly MetricQuery[] = all.flatMap(({ record, id }) =>
    NAMES.map((name) => ({
      name,
      scope: { service: record.name, instance: id },
      windowMs: WINDOW_MS,
    })),
  );
  const readings = (await metrics.ask('read', queries)) as readonly MetricReading[];
  return all.map(({ record, id, zone, revision }, i) => {
    const of = (name: (typeof NAMES)[number]): number | null => {
      const reading = readings[i * NAMES.length + NAMES.indexOf(name)];
      return reading?.kind === 'value' ? reading.value : null;
    };
    const pid = book.of(id)?.pid ?? null;
    return {
      instance: id,
      service: record.name,
      zone,
      version: record.revisions.find((one) => one.id === revision)?.version ?? revision,
      pid,
      rate: of('rate'),
      errorRatio: of('error_ratio'),
      p99Ms: of('p99'),
      cores: of('cpu'),
      memoryBytes: pid === null ? null : (usageOf(pid, null)?.bytes ?? null),
    };
  });
}
