/**
 * Which rule of a list serves a tenant: exact names, or patterns with `*`.
 * Routers call it to choose a hashring, the shuffle sharder to choose a shard size. Pure functions;
 * the list is the caller's, in order of preference.
 *
 * Source: thanos-io/thanos `pkg/receive/hashring.go`, multiHashring.
 */
import { RingmasterError } from '../errors.ts';

/** A rule's tenants. Absent or empty: every tenant. */
export interface TenantRule {
  readonly tenants?: readonly string[];
  /** Default exact. In a glob, `*` stands for any text without `/`; all else means itself. */
  readonly matcher?: 'exact' | 'glob';
}

/** Characters of patterns in other systems. Taken literally they would never match: refuse them. */
const UNSUPPORTED = /[?[\]\\]/;

/**
 * Position of the first rule that serves the tenant, or -1.
 * @throws RM_TABLE_OPTION for a glob with `?`, `[`, `]` or a backslash.
 */
export function matchTenant(rules: readonly TenantRule[], tenant: string): number {
  for (const [index, rule] of rules.entries()) {
    const { tenants = [], matcher = 'exact' } = rule;
    if (tenants.length === 0) return index;
    const serves =
      matcher === 'exact'
        ? tenants.includes(tenant)
        : tenants.some((glob) => matchGlob(glob, tenant));
    if (serves) return index;
  }
  return -1;
}

/** Linear in the text times the number of stars: a hostile pattern cannot make it explode. */
function matchGlob(glob: string, text: string): boolean {
  if (UNSUPPORTED.test(glob)) {
    throw new RingmasterError(
      'RM_TABLE_OPTION',
      `got tenant pattern "${glob}", expected only * as a special character; list the tenants.`,
    );
  }
  const pieces = glob.split('*');
  const first = pieces[0] as string;
  const last = pieces[pieces.length - 1] as string;
  if (pieces.length === 1) return glob === text;
  if (!text.startsWith(first) || !text.endsWith(last)) return false;
  // Each piece as far left as possible, and no star may swallow a slash.
  let at = first.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = text.indexOf(piece, at);
    if (found < 0 || text.slice(at, found).includes('/')) return false;
    at = found + piece.length;
  }
  const tail = text.length - last.length;
  return tail >= at && !text.slice(at, tail).includes('/');
}
