/** The protocol as plain data, for clients in any language and for its reference page. */
import type { Role } from '../access/roles.ts';
import { ERRORS, LIMITS, METHODS, PROTOCOL } from './schema.ts';
import { jsonSchemaOf } from './words.ts';

/** One method; schemas are JSON Schema, draft 2020-12. */
export type MethodDescription = {
  readonly about: string;
  readonly role: Role;
  readonly params: Readonly<Record<string, unknown>>;
  readonly result: Readonly<Record<string, unknown>>;
};

/** All of it. */
export type ProtocolDescription = {
  readonly protocol: { readonly name: string; readonly major: number; readonly minor: number };
  readonly methods: Readonly<Record<string, MethodDescription>>;
  readonly errors: Readonly<Record<string, { readonly code: number; readonly about: string }>>;
  readonly limits: Readonly<Record<string, number>>;
};

/** Made anew at each call. */
export function describeProtocol(): ProtocolDescription {
  const methods = Object.entries(METHODS).map(([name, { about, role, params, result }]) => [
    name,
    { about, role, params: jsonSchemaOf(params), result: jsonSchemaOf(result) },
  ]);
  return {
    protocol: PROTOCOL,
    methods: Object.fromEntries(methods),
    errors: ERRORS,
    limits: LIMITS,
  };
}
