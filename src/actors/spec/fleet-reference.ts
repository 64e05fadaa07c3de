/**
 * What the schema says about itself: a JSON Schema for editors, and a table of every field with its
 * default for people. Both come from the same descriptions that the code reads by.
 */

import { fleetSchema } from './fleet-schema.ts';
import { z } from './schema.ts';

/** One field. */
export type FleetField = {
  /** `services.*.health.liveness.period`; `*` is any name, `[]` any element. */
  readonly path: string;
  /** What may be written there. */
  readonly type: string;
  /** As it would be written; null: there is none. */
  readonly byDefault: string | null;
  readonly isRequired: boolean;
  readonly description: string;
};

/** What is looked at of a JSON Schema. */
type Node = {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: Node | false;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
  readonly oneOf?: readonly Node[];
};

/** JSON Schema (draft 2020-12) of what may be written. */
export function fleetJsonSchema(): Readonly<Record<string, unknown>> {
  return { title: 'Ringmaster fleet', ...schemaWith('ref') };
}

/** Every field, in the order of the schema; one that several alternatives have is there once. */
export function fleetFields(): readonly FleetField[] {
  const fields = new Map<string, FleetField>();
  visit(schemaWith('inline') as Node, '', fields);
  return [...fields.values()];
}

/** `inline`: written out wherever it is used, for a walk over all of it. */
function schemaWith(reused: 'inline' | 'ref'): Readonly<Record<string, unknown>> {
  return z.toJSONSchema(fleetSchema, { io: 'input', reused });
}

function visit(node: Node, path: string, fields: Map<string, FleetField>): void {
  for (const one of [node, ...(node.anyOf ?? []), ...(node.oneOf ?? [])]) {
    for (const [key, child] of Object.entries(one.properties ?? {})) {
      const at = path === '' ? key : `${path}.${key}`;
      add(child, at, one.required?.includes(key) === true, fields);
    }
    if (typeof one.additionalProperties === 'object')
      visit(one.additionalProperties, `${path}.*`, fields);
    if (one.items !== undefined) visit(one.items, `${path}[]`, fields);
    if (one !== node) visit({ ...one, properties: {} }, path, fields);
  }
}

function add(node: Node, path: string, isRequired: boolean, fields: Map<string, FleetField>): void {
  const hasDefault = node.default !== undefined && typeof node.default !== 'object';
  const field = {
    path,
    type: typeText(node),
    byDefault: hasDefault ? String(node.default) : null,
    isRequired,
    description: node.description ?? '',
  };
  const before = fields.get(path);
  if (before === undefined) fields.set(path, field);
  else fields.set(path, merged(before, field));
  visit(node, path, fields);
}

/** Alternatives may differ in what they take and in their default. */
function merged(one: FleetField, other: FleetField): FleetField {
  const either = (a: string | null, b: string | null, between: string): string | null => {
    const all = [a, b].flatMap((text) => text?.split(between) ?? []);
    return all.length === 0 ? null : [...new Set(all)].join(between);
  };
  return {
    path: one.path,
    type: either(one.type, other.type, ' | ') ?? '',
    byDefault: either(one.byDefault, other.byDefault, ' or '),
    isRequired: one.isRequired && other.isRequired,
    description: one.description === '' ? other.description : one.description,
  };
}

function typeText(node: Node): string {
  const alternatives = node.anyOf ?? node.oneOf;
  if (alternatives !== undefined) return [...new Set(alternatives.map(typeText))].join(' | ');
  if (node.const !== undefined) return String(node.const);
  if (node.enum !== undefined) return node.enum.join(' | ');
  if (node.items !== undefined) return `list of ${typeText(node.items)}`;
  if (node.type === 'string') return textType(node.pattern);
  const { minimum, maximum } = node;
  if (minimum === undefined && maximum === undefined) return node.type ?? 'any';
  const most = maximum === Number.MAX_SAFE_INTEGER ? '' : maximum;
  return `${node.type} ${minimum ?? ''}..${most ?? ''}`;
}

/** The scalars of a fleet are texts of a few forms. */
function textType(pattern: string | undefined): string {
  if (pattern === undefined) return 'text';
  if (pattern.includes('ms|s|m|h')) return 'length of time';
  if (pattern.includes('%')) return 'percentage';
  if (pattern.includes('Ki|Mi|Gi')) return 'memory';
  return 'text';
}
