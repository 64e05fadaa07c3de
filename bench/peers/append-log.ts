/**
 * The floor of a durable write: the same bytes appended to a file, then one fdatasync for all that
 * wait. It looks values up by offsets that it keeps in memory, and cannot be opened again.
 */
import { closeSync, fdatasync, openSync, readSync, write } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type DurableMap, fold, type Item } from '../store/durable-map.ts';

const writeTo = promisify(write);
const flush = promisify(fdatasync);

export async function openAppendLog(directory: string): Promise<DurableMap> {
  const fd = openSync(join(directory, 'log'), 'a+');
  const places = new Map<string, { readonly at: number; readonly bytes: number }>();
  let end = 0;
  const putAll = async (items: readonly Item[]): Promise<void> => {
    const parts: Uint8Array[] = [];
    for (const { key, value } of items) {
      const name = Buffer.from(key);
      places.set(key, { at: end + name.length, bytes: value.length });
      end += name.length + value.length;
      parts.push(name, value);
    }
    const bytes = Buffer.concat(parts);
    const { bytesWritten } = await writeTo(fd, bytes, 0, bytes.length);
    if (bytesWritten !== bytes.length) throw new Error(`${bytesWritten} bytes were written`);
    await flush(fd);
  };
  return {
    putAll,
    fill: putAll,
    sumOf: (keys) => {
      let sum = 0;
      for (const key of keys) {
        const place = places.get(key);
        const value = new Uint8Array(place?.bytes ?? 0);
        readSync(fd, value, 0, value.length, place?.at ?? 0);
        sum += fold(value);
      }
      return sum;
    },
    close: async () => closeSync(fd),
  };
}
