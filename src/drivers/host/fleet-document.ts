/**
 * The fleet as it was applied last: what the next brain begins with. Stored as it was written, so that it
 * is read, and checked, by whoever reads it.
 */
import { resolve } from 'node:path';
import { type FleetSpec, readFleet, type ServiceSpec } from '../../actors/index.ts';
import type { Store } from '../../runtime/index.ts';

/** Plain data, and the folder that its relative paths are meant from. */
export type FleetDocument = { readonly data: unknown; readonly folder: string };

const KEY = 'fleet/document';

/** Null: none was applied yet, or one that this version cannot read. */
export async function storedFleet(
  store: Store,
): Promise<{ readonly document: FleetDocument; readonly fleet: FleetSpec } | null> {
  const { entry } = await store.get(KEY);
  if (entry === null) return null;
  const document = JSON.parse(new TextDecoder().decode(entry.value)) as FleetDocument;
  const reading = readFleet(document.data);
  return reading.ok ? { document, fleet: reading.fleet } : null;
}

/** On disk when it resolves. */
export async function keepFleet(store: Store, document: FleetDocument): Promise<void> {
  const value = new TextEncoder().encode(JSON.stringify(document));
  await store.transact({ success: [{ kind: 'put', key: KEY, value }] });
}

/** Folders and files are meant from where the fleet was written; a service without a folder has that. */
export function placed(spec: ServiceSpec, folder: string): ServiceSpec {
  const { ring, cwd = '.' } = spec;
  const file = ring?.exportThanos;
  const exported =
    ring === undefined || file === undefined
      ? {}
      : { ring: { ...ring, exportThanos: resolve(folder, file) } };
  if (spec.command === undefined) return { ...spec, ...exported };
  return { ...spec, ...exported, cwd: resolve(folder, cwd) };
}
