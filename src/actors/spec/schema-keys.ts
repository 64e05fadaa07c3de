/** Which keys a schema knows at a path: for suggestions, and for the reference page. */
import type { z } from './schema.ts';

/** What of a schema's definition is looked at. */
export type SchemaNode = {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly innerType?: z.ZodType;
  readonly in?: z.ZodType;
  readonly element?: z.ZodType;
  readonly valueType?: z.ZodType;
  readonly options?: readonly z.ZodType[];
  readonly values?: readonly unknown[];
};

/** The definition of a schema. */
export function nodeOf(schema: z.ZodType): SchemaNode {
  return schema.def as unknown as SchemaNode;
}

/** Keys that are known there; of all alternatives when there are several. */
export function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  let here = [schema];
  for (const key of path) here = here.flatMap((one) => below(one, key));
  return [...new Set(here.flatMap(keysOf))];
}

/** Values that are known there; of all alternatives when there are several. */
export function valuesAt(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  let here = [schema];
  for (const key of path) here = here.flatMap((one) => below(one, key));
  return [
    ...new Set(here.flatMap(unwrapped).flatMap((one) => (nodeOf(one).values ?? []).map(String))),
  ];
}

/** Without what only wraps it: optional, with a default, transformed. */
export function unwrapped(schema: z.ZodType): readonly z.ZodType[] {
  const node = nodeOf(schema);
  const inner = node.innerType ?? node.in;
  if (inner !== undefined) return unwrapped(inner);
  if (node.options !== undefined) return node.options.flatMap(unwrapped);
  return [schema];
}

function below(schema: z.ZodType, key: PropertyKey): readonly z.ZodType[] {
  return unwrapped(schema).flatMap((one) => {
    const { shape, element, valueType } = nodeOf(one);
    const next = shape?.[String(key)] ?? element ?? valueType;
    return next === undefined ? [] : [next];
  });
}

function keysOf(schema: z.ZodType): readonly string[] {
  return unwrapped(schema).flatMap((one) => Object.keys(nodeOf(one).shape ?? {}));
}
