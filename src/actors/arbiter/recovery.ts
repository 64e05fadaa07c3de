/**
 * Records that were read from a store, by a brain that was not there. Decision time goes on where it
 * stood: nothing was decided meanwhile, so no window has passed. But everything may have happened, so
 * nobody has been seen: nothing is taken away before it is looked at again. Pure.
 */
import type { InstanceEntry, ServiceRecord } from './records.ts';

/** Age of a look that nobody remembers, in milliseconds: beyond any `maxStaleness`. */
const UNSEEN_MS: number = 365 * 86_400_000;

/** The last moment that the records know of; milliseconds of decision time. */
export function lastMsOf(record: ServiceRecord): number {
  const { ring, dual } = record;
  let last = Math.max(ring?.publishedMs ?? 0, dual?.sinceMs ?? 0, dual?.ring?.publishedMs ?? 0);
  const note = (ms: number): void => {
    if (ms > last) last = ms;
  };
  for (const { life, createdMs } of record.instances.values()) {
    note(createdMs);
    note(life.sinceMs);
    note(life.seenMs);
  }
  note(record.waiting?.sinceMs ?? 0);
  for (const { issuedMs } of record.operations.values()) note(issuedMs);
  for (const { atMs } of record.verbs) note(atMs);
  for (const { atMs } of record.failures) note(atMs);
  for (const { createdMs, stableMs } of record.revisions) note(Math.max(createdMs, stableMs ?? 0));
  return last;
}

/** The same records, and nobody has been seen. */
export function recovered(record: ServiceRecord, nowMs: number): ServiceRecord {
  const instances = new Map<string, InstanceEntry>();
  for (const [id, entry] of record.instances) {
    const seenMs = Math.min(entry.life.seenMs, nowMs - UNSEEN_MS);
    instances.set(id, { ...entry, life: { ...entry.life, seenMs } });
  }
  return { ...record, instances };
}
