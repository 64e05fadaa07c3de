/**
 * What the benches of the store ask of every contender: a durable map of texts to bytes, the items
 * that go in, and a directory on the disk of this checkout (a temporary folder may be memory, where
 * a flush is free).
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** One key and its value. */
export type Item = { readonly key: string; readonly value: Uint8Array };

/** An opened map. */
export interface DurableMap {
  /** Each is a write of its own, all of them at once; resolves when all are on disk. */
  putAll(items: readonly Item[]): Promise<void>;
  /** Any number of items, in as few commits as it likes. */
  fill(items: readonly Item[]): Promise<void>;
  /** Looks at one key after the other. @returns the sum of `fold` over their values */
  sumOf(keys: readonly string[]): number | Promise<number>;
  /** Reads everything once, where opening has not done so. */
  verify?(): void;
  close(): Promise<void>;
}

export type OpenMap = (directory: string) => Promise<DurableMap>;

const VALUE_BYTES = 128;

/**
 * The same in every process. Generations of one key differ, or SQLite would see that nothing has
 * changed and write nothing, but they fold to the same number.
 */
export function itemOf(index: number, generation: number): Item {
  const value = new Uint8Array(VALUE_BYTES).fill(index);
  const view = new DataView(value.buffer);
  view.setUint32(0, index);
  view.setUint32(8, generation);
  return { key: `bench/${String(index).padStart(8, '0')}`, value };
}

/** The first `count` of them. */
export function itemsOf(count: number): Item[] {
  return Array.from({ length: count }, (_, index) => itemOf(index, 0));
}

/** A number that a value stands for. @throws when there is none */
export function fold(value: Uint8Array | null | undefined): number {
  if (value?.length !== VALUE_BYTES) throw new Error(`a value has ${value?.length} bytes`);
  return (value[1] ?? 0) * 65536 + (value[2] ?? 0) * 256 + (value[3] ?? 0) + (value[127] ?? 0);
}

/** `count` keys of the first `among` items, drawn by a seed. */
export function drawKeys(count: number, among: readonly Item[]): string[] {
  let state = 42;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return among[(state >>> 4) % among.length]?.key ?? '';
  });
}

/** A new directory, and its end. */
export function scratch(): { readonly path: string; remove(): void } {
  const folder = fileURLToPath(new URL('../../store-bench/', import.meta.url));
  mkdirSync(folder, { recursive: true });
  const path = mkdtempSync(`${folder}run-`);
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
