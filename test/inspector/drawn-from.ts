/** Values that fit a schema of the protocol, for properties: read from its JSON schema. */
import { fc } from '@fast-check/vitest';
import { jsonSchemaOf } from '../../src/inspector/protocol/words.ts';

type Json = Record<string, unknown>;

export const drawnFrom = (type: Parameters<typeof jsonSchemaOf>[0]): fc.Arbitrary<unknown> =>
  drawn(jsonSchemaOf(type));

function drawn(schema: Json): fc.Arbitrary<unknown> {
  const { type, anyOf, const: only, enum: some } = schema;
  if (only !== undefined) return fc.constant(only);
  if (Array.isArray(some)) return fc.constantFrom(...some);
  if (Array.isArray(anyOf)) return fc.oneof(...anyOf.map((each) => drawn(each as Json)));
  if (type === 'object') return drawnObject(schema);
  if (type === 'array') return fc.array(drawn(schema.items as Json), { maxLength: 5 });
  if (type === 'string') {
    return fc.string({
      minLength: Number(schema.minLength ?? 0),
      maxLength: Math.min(Number(schema.maxLength ?? 30), 30),
    });
  }
  if (type === 'integer') {
    return fc.integer({
      min: Math.max(Number(schema.minimum ?? -1000), -(2 ** 31)),
      max: Math.min(Number(schema.maximum ?? 1000), 1000),
    });
  }
  if (type === 'number') return fc.double({ noNaN: true, noDefaultInfinity: true });
  if (type === 'boolean') return fc.boolean();
  if (type === 'null') return fc.constant(null);
  throw new Error(`the schema has a kind that is not drawn yet: ${JSON.stringify(schema)}`);
}

function drawnObject({ properties, required = [], ...record }: Json): fc.Arbitrary<unknown> {
  if (properties === undefined) {
    const { propertyNames: key, additionalProperties: value } = record;
    const keys = (drawn(key as Json) as fc.Arbitrary<string>).filter((one) => one !== '__proto__');
    return fc.dictionary(keys, drawn(value as Json), { maxKeys: 5 });
  }
  const fields = Object.entries(properties as Record<string, Json>);
  return fc.record(Object.fromEntries(fields.map(([name, each]) => [name, drawn(each)])), {
    requiredKeys: required as never[],
  });
}
