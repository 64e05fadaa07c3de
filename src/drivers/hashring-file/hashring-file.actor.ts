/**
 * Keeps the files in which Thanos Receive reads hashrings: one for each path that a service names in
 * `ring.exportThanos`, with the rings of all that name it. Level-triggered: it looks at the records, and
 * writes when the text is another one: a new file beside the old one, flushed, then renamed, so that a
 * reader sees the former or the next. While a member has no address yet the former stands.
 */
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  hashringsJson,
  type ServiceRecord,
  type ThanosHashring,
  thanosHashring,
} from '../../actors/index.ts';
import { type ActorDefinition, type AnyRef, actor, type Context } from '../../runtime/index.ts';
import type { AddressBook } from '../address-book.ts';
import { ArbiterRecords } from '../arbiter-records.ts';

/** What it works with. */
export type HashringFileArgs = { readonly book: AddressBook };

/** What it understands. */
export type HashringFileMessages = {
  /** Whose records say what is routed. */
  attach(arbiter: AnyRef): void;
  /** From its own timer. */
  look(): Promise<void>;
  /** Files that could not be written, and why. */
  troubles(): readonly HashringTrouble[];
};

/** A file that is not as it should be. */
export type HashringTrouble = { readonly path: string; readonly why: string };

/** Between two looks. Longer: readers go by former members for longer. Milliseconds. */
const LOOK_MS = 500;

/** Spawned beside the arbiter, on the thread of the address book. */
export const HashringFile: ActorDefinition<HashringFileArgs, HashringFileMessages> = actor(
  import.meta.url,
  {
    name: 'HashringFile',
    setup: ({ book }: HashringFileArgs, ctx: Context) => {
      const records = new ArbiterRecords(ctx);
      const troubles = new Map<string, string>();
      ctx.timers.every('look', LOOK_MS, 'look');
      return {
        attach: (arbiter: AnyRef) => records.attach(arbiter),
        look: async () => {
          for (const [path, rings] of await wantedFiles(records, book)) {
            const text = rings === null ? null : hashringsJson(rings);
            if (text === null) continue;
            try {
              await replaceFile(path, text);
              troubles.delete(path);
            } catch (error) {
              troubles.set(path, String((error as Error).message));
            }
          }
        },
        troubles: () => [...troubles].map(([path, why]) => ({ path, why })),
      };
    },
  },
);

/** Rings by file; null: one of them cannot be told yet. */
async function wantedFiles(
  records: ArbiterRecords,
  book: AddressBook,
): Promise<ReadonlyMap<string, readonly ThanosHashring[] | null>> {
  const files = new Map<string, readonly ThanosHashring[] | null>();
  for (const service of await records.services()) {
    const record = await records.of(service);
    const path = record?.spec.ring?.exportThanos;
    if (!record || path === undefined) continue;
    const before = files.get(path);
    const ring = ringOf(record, book);
    files.set(path, before === null || ring === null ? null : [...(before ?? []), ring]);
  }
  return files;
}

function ringOf({ name, spec, ring, routes }: ServiceRecord, book: AddressBook) {
  if (ring === null) return null;
  const addresses = new Map(
    routes.routes.flatMap(({ slot, instance }) => {
      const port = book.of(instance)?.port;
      return port === undefined ? [] : [[slot, `127.0.0.1:${port}`] as const];
    }),
  );
  return thanosHashring(name, ring, addresses, spec.ring?.shuffle);
}

async function replaceFile(path: string, text: string): Promise<void> {
  if ((await readFile(path, 'utf8').catch(() => null)) === text) return;
  await mkdir(dirname(path), { recursive: true });
  const next = `${path}.next`;
  const file = await open(next, 'w', 0o644);
  try {
    await file.writeFile(text);
    await file.sync();
  } catch (error) {
    await rm(next, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  await rename(next, path);
}
