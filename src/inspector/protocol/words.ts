/** The words that the schema is written in. The one file of this layer that knows zod. */
import { z } from 'zod';
import type { Role } from '../access/roles.ts';

export { z } from 'zod';

/** One method: what it takes, what it answers, who may call it. */
export type MethodWords<P extends z.ZodType, R extends z.ZodType> = {
  readonly about: string;
  readonly role: Role;
  readonly params: P;
  readonly result: R;
};

/** Says one method. */
export function method<P extends z.ZodType, R extends z.ZodType>(
  words: MethodWords<P, R>,
): MethodWords<P, R> {
  return words;
}

/** Of a schema's shape, for the reference and for whoever draws values from it. */
export function jsonSchemaOf(type: z.ZodType): Record<string, unknown> {
  return z.toJSONSchema(type, { target: 'draft-2020-12', unrepresentable: 'any' });
}

/** What is wrong with a value, in one line. */
export function wrongIn(error: z.ZodError): string {
  const [first] = error.issues;
  const at = first === undefined || first.path.length === 0 ? 'params' : first.path.join('.');
  return `${at}: ${first?.message ?? 'not as expected'}`;
}
