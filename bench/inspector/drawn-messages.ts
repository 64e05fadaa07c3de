/**
 * Messages for a fuzz run, drawn from the protocol's own description: some fit it, most are broken in one
 * place or in many. From a seed, so a run can be repeated.
 */
import type { ProtocolDescription } from 'ringmaster/inspector';
import type { Random } from 'ringmaster/testkit';

type Schema = Readonly<Record<string, unknown>>;

/** How a message was broken. */
export const BREAKS = [
  'fits',
  'strange key',
  'wrong kind',
  'far number',
  'missing key',
  'deep',
  'cut off',
  'flipped',
  'prototype key',
  'unknown method',
  'no object',
] as const;

/** One of them. */
export type Break = (typeof BREAKS)[number];

const FAR = [-1, 1e308, -1e308, 2 ** 53, 0.1, -0, 2 ** 31, 2 ** 32];
const STRANGE = [
  '',
  '\u0000',
  '\ud800',
  'x'.repeat(5000),
  '__proto__',
  '%s{0}',
  '<script>',
  '\u202e',
  '\r\n',
];
const OTHER = [null, true, 'x', 7, [], {}, [[]], { a: { b: {} } }];

/** Draws them. */
export class DrawnMessages {
  private readonly random: Random;
  private readonly methods: ProtocolDescription['methods'];
  private readonly names: readonly string[];
  private readonly words: readonly string[];

  /** `words`: names that mean something to whoever is asked. */
  constructor(random: Random, { methods }: ProtocolDescription, words: readonly string[]) {
    this.random = random;
    this.words = words;
    this.methods = methods;
    // Nothing is ended, and hello comes once and again.
    this.names = Object.keys(methods);
  }

  /** A message, and how it was broken. */
  next(id: number): { readonly text: string; readonly how: Break } {
    const how = this.one(BREAKS);
    const method = this.one(this.names);
    const params = this.value(this.methods[method]?.params ?? {}) as Record<string, unknown>;
    return { how, text: this.broken(how, { id, method, params }) };
  }

  private broken(
    how: Break,
    whole: { id: number; method: string; params: Record<string, unknown> },
  ): string {
    const { id, method, params } = whole;
    const text = JSON.stringify(whole);
    const keys = Object.keys(params);
    if (how === 'strange key') {
      return JSON.stringify({
        id,
        method,
        params: { ...params, [this.one(STRANGE)]: this.one(OTHER) },
      });
    }
    if (how === 'wrong kind' || how === 'far number') {
      const value = how === 'far number' ? this.one(FAR) : this.one(OTHER);
      if (keys.length === 0) return JSON.stringify({ id, method, params: value });
      return JSON.stringify({ id, method, params: { ...params, [this.one(keys)]: value } });
    }
    if (how === 'missing key') {
      const { [this.one([...keys, 'id'])]: _gone, ...rest } = params;
      return JSON.stringify({ id, method, params: rest });
    }
    if (how === 'deep') {
      const depth = this.random.below(200);
      return `{"id":${id},"method":"${method}","params":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    }
    if (how === 'cut off') return text.slice(0, this.random.below(text.length));
    if (how === 'flipped') {
      const at = this.random.below(text.length);
      return `${text.slice(0, at)}${String.fromCharCode(this.random.below(128))}${text.slice(at + 1)}`;
    }
    if (how === 'prototype key')
      return `{"id":${id},"method":"${method}","params":{"__proto__":{"a":1}}}`;
    if (how === 'unknown method') return JSON.stringify({ id, method: this.one(STRANGE), params });
    if (how === 'no object') return JSON.stringify(this.one(OTHER));
    return text;
  }

  private value(schema: Schema): unknown {
    const { type, anyOf, enum: some, items, properties, required = [] } = schema;
    if (Array.isArray(some)) return this.one(some);
    if (Array.isArray(anyOf)) return this.value(this.one(anyOf as Schema[]));
    if (type === 'object' && properties === undefined) {
      // A record: any key, with such a value.
      const { additionalProperties: held = {} } = schema;
      return { [`${this.random.below(1000)}`]: this.value(held as Schema) };
    }
    if (type === 'object') {
      const fields = Object.entries(properties as Record<string, Schema>).filter(
        ([name]) => (required as string[]).includes(name) || this.random.below(2) === 0,
      );
      return Object.fromEntries(fields.map(([name, each]) => [name, this.value(each)]));
    }
    if (type === 'array') return [this.value(items as Schema)];
    if (type === 'string') return this.text();
    if (type === 'integer' || type === 'number') return this.random.below(3);
    if (type === 'boolean') return this.random.below(2) === 0;
    return null;
  }

  private text(): string {
    const isKnown = this.words.length > 0 && this.random.below(4) > 0;
    return isKnown ? this.one(this.words) : `${this.random.below(1000)}`;
  }

  private one<T>(list: readonly T[]): T {
    return list[this.random.below(list.length)] as T;
  }
}
