/**
 * What the ring tests share: members, series keys, and a place in shared memory for an image.
 */
import { readFileSync } from 'node:fs';
import { fc } from '@fast-check/vitest';
import type { Member } from '../../../src/hotpath/hashring/member.ts';
import { openTable, type RingTable } from '../../../src/hotpath/hashring/open-table.ts';
import { type SeriesLabel, seriesKey } from '../../../src/hotpath/hashring/series-key.ts';
import type { TableImage } from '../../../src/hotpath/hashring/table-image.ts';

/** `count` members in `zones` zones, without weights. */
export function members(count: number, zones = 1): Member[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `node-${index}`,
    zone: `zone-${index % zones}`,
  }));
}

/** Writes an image into fresh shared memory, full of old bytes, and opens it. */
export function publish(image: TableImage, generation = 1): RingTable {
  return openTable(bytesOf(image, generation).buffer);
}

/** The image's bytes. The place held something else before. */
export function bytesOf(image: TableImage, generation = 1): Uint8Array {
  const buffer = new SharedArrayBuffer(image.byteLength);
  new Uint8Array(buffer).fill(0xa5);
  image.writeTo({ buffer, generation });
  return new Uint8Array(buffer);
}

/** Publishes and narrows to one kind. */
export function publishAs<K extends RingTable['kind']>(
  kind: K,
  image: TableImage,
): Extract<RingTable, { kind: K }> {
  const table = publish(image);
  if (table.kind !== kind) throw new Error(`got a ${table.kind} table, expected ${kind}`);
  return table as Extract<RingTable, { kind: K }>;
}

/** Halves of a series key. */
export function keyOf(tenant: string, labels: readonly SeriesLabel[]): [number, number] {
  const out = new Uint32Array(2);
  seriesKey(tenant, labels, out);
  return [out[0] as number, out[1] as number];
}

/** A file of the decision tables, which names its source. */
export function tables<T>(file: string): T {
  const url = new URL(`../../conformance/tables/${file}`, import.meta.url);
  return JSON.parse(readFileSync(url, 'utf8')) as T;
}

/** Unique members with zones and weights, some of them drained, at least one not. */
export const anyMembers: fc.Arbitrary<Member[]> = fc
  .uniqueArray(
    fc.record({
      name: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
      zone: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      weight: fc.oneof(
        fc.constant(1),
        fc.constantFrom(0, 0.5, 2, 3),
        fc.double({ min: 0.01, max: 50, noNaN: true }),
      ),
    }),
    { minLength: 1, maxLength: 14, selector: (member) => member.name },
  )
  .filter((list) => list.some((member) => member.weight > 0));
