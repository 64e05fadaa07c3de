/**
 * The name of a revision: a hash of everything that instances are made of, so that the same template,
 * configuration and release have the same name on every machine, and any change has another one. How a
 * service is scaled, healed or rolled out is no part of it: changing that replaces nobody. Pure.
 */

import { xxh64 } from '../../hotpath/index.ts';
import { compareText } from '../arithmetic/compare-text.ts';
import type { ServiceSpec } from './fleet-schema.ts';

/** Fields of a service that its instances are made of. */
const TEMPLATE = [
  'version',
  'actor',
  'command',
  'cwd',
  'env',
  'data',
  'stopGrace',
  'resources',
  'health',
  'metrics',
] as const satisfies readonly (keyof ServiceSpec)[];

/**
 * The revision of a service. `release`: digest of the files that were snapshotted with it; empty: none
 * were.
 */
export function revisionOf(spec: ServiceSpec, release: string): string {
  const parts = TEMPLATE.map((key) => [key, spec[key] ?? null]);
  return hashText(`${canonicalText(parts)} ${release}`);
}

/** JSON with the keys of objects in one order. */
export function canonicalText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value)
    .filter(([, one]) => one !== undefined)
    .toSorted(([a], [b]) => compareText(a, b));
  return `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${canonicalText(one)}`).join(',')}}`;
}

/** Sixteen hexadecimal digits: xxh64 of the text's code units, low byte first. */
export function hashText(text: string): string {
  const bytes = new Uint8Array(text.length * 2);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    bytes[2 * i] = unit & 0xff;
    bytes[2 * i + 1] = unit >>> 8;
  }
  const out = new Uint32Array(2);
  xxh64(bytes, out);
  return [...out].map((word) => word.toString(16).padStart(8, '0')).join('');
}
