/**
 * Values of the tables that are expressions of the original's language: times relative to now, and
 * named constants. Times come out as seconds after now.
 */

/** A value, or an expression of one. */
export type Expression =
  | string
  | number
  | { readonly $id: string }
  | { readonly $neg: Expression }
  | { readonly $op: string; readonly a: Expression; readonly b: Expression }
  | { readonly $call: string | Selector; readonly args: readonly Expression[] };
type Selector = { readonly $sel: string; readonly of: Expression };

const NAMES: Readonly<Record<string, string | number>> = {
  now: 0,
  'time.Hour': 3600,
  'time.Minute': 60,
  'time.Second': 1,
  'time.Millisecond': 0.001,
  'time.RFC3339': 'rfc3339',
  minExponent: 0.2,
  TenantMatcherGlob: 'glob',
  TenantMatcherTypeExact: 'exact',
  'http.StatusConflict': 409,
  'customResourceGVK.Kind': 'CustomResource',
  customResourceGVK: 'my.group/v1',
};

/** @throws when it holds something that is not known */
export function evaluated(expression: Expression): string | number {
  if (typeof expression === 'string') return NAMES[expression] ?? expression;
  if (typeof expression === 'number') return expression;
  if ('$id' in expression) return NAMES[expression.$id] ?? expression.$id;
  if ('$neg' in expression) return -numberOf(expression.$neg);
  if ('$op' in expression) return operated(expression.$op, expression.a, expression.b);
  if ('$call' in expression) return called(expression.$call, expression.args);
  throw new Error(`${JSON.stringify(expression)} is no expression that is known`);
}

/** A value that has to be a number. */
export function numberOf(expression: Expression): number {
  const value = evaluated(expression);
  if (typeof value === 'number') return value;
  throw new Error(`${JSON.stringify(expression)} is ${value}; expected a number`);
}

/** A time: seconds after now, or a text that says when; null when it is none. */
export function timeOf(expression: Expression): number | null {
  const value = evaluated(expression);
  if (typeof value === 'number') return value;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : (at - Date.now()) / 1000;
}

function operated(operator: string, left: Expression, right: Expression): string | number {
  const [a, b] = [evaluated(left), evaluated(right)];
  if (operator === '+' && (typeof a === 'string' || typeof b === 'string')) return `${a}${b}`;
  const [one, other] = [Number(a), Number(b)];
  if (operator === '+') return one + other;
  if (operator === '-') return one - other;
  if (operator === '*') return one * other;
  if (operator === '/') return one / other;
  throw new Error(`operator ${operator} is not known`);
}

/** Methods of a time and of a name do not change what they are called on, but for `Add`. */
function called(what: string | Selector, args: readonly Expression[]): string | number {
  if (typeof what === 'string') {
    if (what === 'time.Now') return 0;
    const dot = what.lastIndexOf('.');
    return method(evaluated(what.slice(0, dot)), what.slice(dot + 1), args);
  }
  return method(evaluated(what.of), what.$sel, args);
}

function method(on: string | number, name: string, args: readonly Expression[]): string | number {
  if (name === 'Add') return Number(on) + numberOf(args[0] as Expression);
  if (['UTC', 'Format', 'String', 'GroupVersion', 'Truncate'].includes(name)) return on;
  throw new Error(`method ${name} is not known`);
}
