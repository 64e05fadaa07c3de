/**
 * The package `lmdb` by itself, as its documentation says: durable is a put whose commit was flushed.
 * One table, no history, no checksums, no fence: what our layer adds is the difference.
 */
import { type DurableMap, fold } from '../store/durable-map.ts';

export async function openPlainLmdb(directory: string): Promise<DurableMap> {
  const { open } = await import('lmdb');
  const db = open<Uint8Array, string>({ path: directory, encoding: 'binary', noSubdir: false });
  return {
    putAll: async (items) => {
      await Promise.all(
        items.map(async ({ key, value }) => {
          await db.put(key, value);
          await db.flushed;
        }),
      );
    },
    fill: async (items) => {
      await Promise.all(items.map(({ key, value }) => db.put(key, value)));
      await db.flushed;
    },
    sumOf: (keys) => {
      let sum = 0;
      for (const key of keys) sum += fold(db.getBinary(key));
      return sum;
    },
    close: () => db.close(),
  };
}
