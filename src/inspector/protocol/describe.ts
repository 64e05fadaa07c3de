/** The protocol as plain data, for clients in any language and for its reference page. */
import type { Role } from '../access/roles.ts';
import { ACTIONS } from './fleet-shapes.ts';
import { CHANGED, ERRORS, LIMITS, METHODS, PROTOCOL } from './schema.ts';
import { TOPICS } from './topics.ts';
import { TRACED } from './trace-words.ts';
import { jsonSchemaOf } from './words.ts';

/** One method; schemas are JSON Schema, draft 2020-12. */
export type MethodDescription = {
  readonly about: string;
  readonly role: Role;
  readonly params: Readonly<Record<string, unknown>>;
  readonly result: Readonly<Record<string, unknown>>;
};

/** One topic; `value`: a row, `null` where rows are binary columns. */
export type TopicDescription = {
  readonly about: string;
  readonly role: Role;
  readonly keys: string;
  readonly value: Readonly<Record<string, unknown>>;
};

/** All of it. */
export type ProtocolDescription = {
  readonly protocol: { readonly name: string; readonly major: number; readonly minor: number };
  readonly methods: Readonly<Record<string, MethodDescription>>;
  readonly topics: Readonly<Record<string, TopicDescription>>;
  /** Names in `allowedActions`: which method makes such a change, and with which params. */
  readonly actions: Readonly<
    Record<string, { readonly method: string; readonly params: Readonly<Record<string, unknown>> }>
  >;
  /** What is told without being asked, by method. */
  readonly events: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly errors: Readonly<Record<string, { readonly code: number; readonly about: string }>>;
  readonly limits: Readonly<Record<string, number>>;
};

/** Made anew at each call. */
export function describeProtocol(): ProtocolDescription {
  const methods = Object.entries(METHODS).map(([name, { about, role, params, result }]) => [
    name,
    { about, role, params: jsonSchemaOf(params), result: jsonSchemaOf(result) },
  ]);
  const topics = Object.entries(TOPICS).map(([name, { about, role, keys, value }]) => [
    name,
    { about, role, keys, value: jsonSchemaOf(value) },
  ]);
  return {
    protocol: PROTOCOL,
    methods: Object.fromEntries(methods),
    topics: Object.fromEntries(topics),
    actions: ACTIONS,
    events: {
      'Topics.changed': jsonSchemaOf(CHANGED),
      'Trace.messages': jsonSchemaOf(TRACED),
    },
    errors: ERRORS,
    limits: LIMITS,
  };
}
