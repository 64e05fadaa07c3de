/**
 * What is wrong with a fleet, in words for people: where, what was got, what was expected, and the
 * cure. Problems of shape come from the schema; those of meaning from fleet-checks.ts.
 */

import { nearest } from './did-you-mean.ts';
import type { z } from './schema.ts';
import { keysAt, valuesAt } from './schema-keys.ts';

/** One thing that is wrong. */
export type Problem = {
  /** Keys and indices from the top. */
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** Where it is in the text that it was read from, from 1; null: it was not read from one. */
  readonly line: number | null;
  readonly column: number | null;
};

/** Problems that are shown; of the others the number is said. */
const SHOWN_MAX = 50;
const VALUE_LENGTH_MAX = 60;

/** A problem without a place in a text. */
export function problemAt(path: readonly PropertyKey[], message: string): Problem {
  const plain = path.map((key) => (typeof key === 'number' ? key : String(key)));
  return { path: plain, message, line: null, column: null };
}

/** `services.cart.command[0]`. */
export function pathText(path: readonly (string | number)[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    return text === '' ? key : `${text}.${key}`;
  }, '');
}

/** One line for each. */
export function problemsText(problems: readonly Problem[], file: string | null = null): string {
  const lines = problems.slice(0, SHOWN_MAX).map(({ path, message, line, column }) => {
    const place =
      line === null ? '' : `${file ?? 'line '}${file === null ? '' : ':'}${line}:${column}: `;
    const where = path.length === 0 ? '' : `${pathText(path)}: `;
    return `${place}${where}${message}`;
  });
  const more = problems.length - SHOWN_MAX;
  if (more > 0) lines.push(`and ${more} more`);
  return lines.join('\n');
}

/** A value as it is shown in a message. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > VALUE_LENGTH_MAX ? `${text.slice(0, VALUE_LENGTH_MAX - 3)}...` : text;
}

/** What the schema found. */
export function problemsOf(schema: z.ZodType, issues: readonly z.core.$ZodIssue[]): Problem[] {
  return issues.flatMap((issue) => ofIssue(schema, issue, []));
}

function ofIssue(
  schema: z.ZodType,
  issue: z.core.$ZodIssue,
  above: readonly PropertyKey[],
): Problem[] {
  const path = [...above, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, path);
    return issue.keys.map((key) => problemAt([...path, key], unknownKey(key, known)));
  }
  if (issue.code === 'invalid_union') {
    const best = bestBranch(issue.errors);
    if (best !== null) return best.flatMap((inner) => ofIssue(schema, inner, path));
    const { discriminator } = issue;
    if (discriminator !== undefined) {
      const got = (issue.input as Readonly<Record<string, unknown>> | undefined)?.[discriminator];
      const at = path.at(-1) === discriminator ? path : [...path, discriminator];
      return [problemAt(at, oneOf(got, valuesAt(schema, at)))];
    }
  }
  if (issue.code === 'invalid_key') {
    return issue.issues.map((inner) => problemAt(path, messageOf(inner)));
  }
  return [problemAt(path, messageOf(issue))];
}

/** The alternative that was probably meant: the one that finds least. */
function bestBranch(
  branches: readonly (readonly z.core.$ZodIssue[])[],
): readonly z.core.$ZodIssue[] | null {
  const weight = (issues: readonly z.core.$ZodIssue[]): number =>
    issues.reduce(
      (sum, issue) =>
        sum +
        (issue.code === 'unrecognized_keys' ? issue.keys.length : 1) +
        (issue.path.length === 0 ? 1 : 0),
      0,
    );
  return branches.reduce<readonly z.core.$ZodIssue[] | null>(
    (best, one) => (best === null || weight(one) < weight(best) ? one : best),
    null,
  );
}

function unknownKey(key: string, known: readonly string[]): string {
  // It is known where another kind is written, such as `instances` of a stateless service.
  if (known.includes(key)) return 'does not belong to this kind; leave it out, or change the kind';
  const meant = nearest(key, known);
  if (meant !== null) return `is no known key; did you mean ${meant}?`;
  return `is no known key; expected ${known.length === 0 ? 'none' : known.join(', ')}`;
}

function oneOf(got: unknown, values: readonly string[]): string {
  const meant = typeof got === 'string' ? nearest(got, values) : null;
  const cure = meant === null ? '' : `; did you mean ${meant}?`;
  return `got ${shown(got)}; expected ${values.join(' or ')}${cure}`;
}

function messageOf(issue: z.core.$ZodIssue): string {
  const got = `got ${shown(issue.input)}`;
  switch (issue.code) {
    case 'invalid_type':
      return custom(issue) ?? `${got}; expected ${issue.expected}`;
    case 'invalid_value':
      return oneOf(issue.input, issue.values.map(String));
    case 'too_small':
      return custom(issue) ?? `${got}; expected at least ${String(issue.minimum)}`;
    case 'too_big':
      return custom(issue) ?? `${got}; expected at most ${String(issue.maximum)}`;
    case 'invalid_format':
      return custom(issue) ?? `${got}; expected text like ${issue.pattern ?? issue.format}`;
    default:
      return issue.message;
  }
}

/** A message of our own schema; null when it is the library's. */
function custom({ message }: z.core.$ZodIssue): string | null {
  return /^(Invalid|Too |Unrecognized)/.test(message) ? null : message;
}
