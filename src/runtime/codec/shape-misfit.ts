/**
 * Says why a payload is not of its declared shape: the slow walk after a codec threw MISFIT, so
 * that the fast one carries no path. `Shape.write` calls it.
 */
import { type RuntimeError, runtimeError } from '../errors.ts';
import type { ShapeNode, ShapePlan } from './shape-plan.ts';
import { isBytes, isNumberOf } from './shape-target.ts';
import { describe, type PathStep, spellPath } from './travel-fault.ts';

type Misfit = {
  readonly steps: readonly PathStep[];
  readonly got: string;
  readonly expected: string;
};

const RANGES: Readonly<Record<string, string>> = {
  str: 'a string',
  bool: 'a boolean',
  bytes: 'a Uint8Array over memory that is not shared',
  u8: 'a whole number from 0 to 255',
  u16: 'a whole number from 0 to 65,535',
  u32: 'a whole number from 0 to 4,294,967,295',
  i32: 'a whole number from -2,147,483,648 to 2,147,483,647',
  int: 'a whole number up to 2^53 - 1',
  f64: 'a number',
};

/** The error for a payload that a codec refused: RM_PAYLOAD_SHAPE with path, got and expected. */
export function explainMisfit(plan: ShapePlan, payload: unknown): RuntimeError {
  const misfit = find(plan.root, payload, []) ?? {
    steps: [],
    got: 'changing while it is read',
    expected: 'fields that keep their values',
  };
  const path = spellPath(misfit.steps);
  const { got, expected } = misfit;
  return runtimeError(
    'RM_PAYLOAD_SHAPE',
    `${path} is ${got}, expected ${expected}; send what the shape declares, or change the declaration.`,
    { path, got, expected },
  );
}

function find(node: ShapeNode, value: unknown, steps: readonly PathStep[]): Misfit | null {
  if (node.optional && value === undefined) return null;
  switch (node.kind) {
    case 'list':
      return findInList(node.item, value, steps);
    case 'object':
      return findInObject(node, value, steps);
    default:
      if (fits(node.kind, value)) return null;
      return { steps, got: describe(value), expected: RANGES[node.kind] as string };
  }
}

function fits(kind: string, value: unknown): boolean {
  if (kind === 'str') return typeof value === 'string';
  if (kind === 'bool') return typeof value === 'boolean';
  return kind === 'bytes' ? isBytes(value) : isNumberOf(kind, value);
}

function findInList(item: ShapeNode, value: unknown, steps: readonly PathStep[]): Misfit | null {
  if (!Array.isArray(value)) return { steps, got: describe(value), expected: 'an array' };
  for (const [index, each] of value.entries()) {
    const misfit = find(item, each, [...steps, { container: value, key: index }]);
    if (misfit !== null) return misfit;
  }
  return null;
}

function findInObject(
  node: ShapeNode & { readonly kind: 'object' },
  value: unknown,
  steps: readonly PathStep[],
): Misfit | null {
  if (typeof value !== 'object' || value === null) {
    return { steps, got: describe(value), expected: 'an object' };
  }
  for (const { name, node: field } of node.fields) {
    const step = { container: null, key: name };
    const misfit = find(field, (value as Record<string, unknown>)[name], [...steps, step]);
    if (misfit !== null) return misfit;
  }
  for (const key in value) {
    if (node.fields.some((field) => field.name === key)) continue;
    return { steps: [...steps, { container: null, key }], got: 'there', expected: 'no such field' };
  }
  // Undefined where a field is not a key at all: only kinds that take undefined get here.
  return null;
}
