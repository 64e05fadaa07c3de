/**
 * Where each field of a declared shape lies. The generator and the interpreter both follow the
 * plan, so that their bytes are equal.
 *
 *   0            4              8 …
 *   ┌────────────┬──────────────┬───────┬──────────┬───────┬──────┬─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─
 *   │fingerprint │ bits, 32 a   │ pad   │ f64, int │ u32,  │ u16, │ str, bytes, lists
 *   │            │ word         │ to 8  │          │ i32   │ u8   │ one after the other
 *   └────────────┴──────────────┴───────┴──────────┴───────┴──────┴─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─
 *
 * Bits are booleans, and whether an optional field is there. Fields of objects inside are fields
 * like any other; objects inside lists are written one after the other, see shape-target.ts.
 */
import { murmur3Text } from '../../hotpath/index.ts';
import { runtimeError } from '../errors.ts';

/** Kinds with a fixed place in one of the views, or in the bits alone; the rest follows behind. */
export type ScalarKind = 'str' | 'bool' | 'u8' | 'u16' | 'u32' | 'i32' | 'int' | 'f64' | 'bytes';

/** One node of a declaration. */
export type ShapeNode =
  | { readonly kind: ScalarKind; readonly optional: boolean }
  | { readonly kind: 'list'; readonly optional: false; readonly item: ShapeNode }
  | { readonly kind: 'object'; readonly optional: false; readonly fields: readonly NamedNode[] };

/** A field of an object. */
export type NamedNode = { readonly name: string; readonly node: ShapeNode };

/** A field that is no object, with its place. */
export type ShapeLeaf = {
  readonly node: ShapeNode;
  /**
   * Index in the view of its kind, in units of that view; -1 behind the fixed part, or bits only.
   */
  slot: number;
  /** Bit of a boolean's value; -1 for other kinds. */
  valueBit: number;
  /** Bit that says whether an optional field is there; -1 for others. */
  presenceBit: number;
};

/** The whole plan. */
export type ShapePlan = {
  readonly root: ShapeNode & { readonly kind: 'object' };
  /** Every leaf in order of declaration, objects opened. */
  readonly leaves: readonly ShapeLeaf[];
  readonly bitWords: number;
  /** Bytes before the part that follows behind. */
  readonly fixedBytes: number;
  readonly fingerprint: number;
};

const SCALARS: readonly string[] = 'str bool u8 u16 u32 i32 int f64 bytes'.split(' ');
const FIELDS_MAX = 256;
const NESTING_MAX = 16;

/** Groups of kinds by the bytes of a slot, in the order in which they lie. */
const GROUPS: readonly { readonly kinds: readonly string[]; readonly bytes: number }[] = [
  { kinds: ['f64', 'int'], bytes: 8 },
  { kinds: ['u32', 'i32'], bytes: 4 },
  { kinds: ['u16'], bytes: 2 },
  { kinds: ['u8'], bytes: 1 },
];

/** Plans a declaration. @throws RM_PAYLOAD_SHAPE for one that is none. */
export function planShape(spec: unknown): ShapePlan {
  const root = parseNode(spec, 'shape', 0);
  if (root.kind !== 'object') throw badSpec('shape', spec, 'an object of fields');
  const leaves = collectLeaves(root);
  if (leaves.length > FIELDS_MAX)
    throw badSpec('shape', leaves.length, `at most ${FIELDS_MAX} fields`);
  let bits = 0;
  for (const leaf of leaves) {
    if (leaf.node.kind === 'bool') leaf.valueBit = bits++;
    if (leaf.node.optional) leaf.presenceBit = bits++;
  }
  const bitWords = Math.ceil(bits / 32);
  let at = 4 + bitWords * 4;
  for (const { kinds, bytes } of GROUPS) {
    const members = leaves.filter((leaf) => kinds.includes(leaf.node.kind));
    if (members.length === 0) continue;
    at = Math.ceil(at / bytes) * bytes;
    for (const leaf of members) {
      leaf.slot = at / bytes;
      at += bytes;
    }
  }
  const fingerprint = murmur3Text(JSON.stringify(spec)) >>> 0;
  return { root, leaves, bitWords, fixedBytes: at, fingerprint };
}

function collectLeaves(node: ShapeNode): ShapeLeaf[] {
  if (node.kind !== 'object') return [{ node, slot: -1, valueBit: -1, presenceBit: -1 }];
  return node.fields.flatMap((field) => collectLeaves(field.node));
}

function parseNode(spec: unknown, path: string, depth: number): ShapeNode {
  if (depth > NESTING_MAX) throw badSpec(path, 'more', `at most ${NESTING_MAX} levels`);
  if (typeof spec === 'string') return parseScalar(spec, path);
  if (Array.isArray(spec)) {
    if (spec.length !== 1) throw badSpec(path, `${spec.length} items`, 'a list of one kind');
    const item = parseNode(spec[0], `${path}[]`, depth + 1);
    if (item.optional) throw badSpec(`${path}[]`, spec[0], 'a kind that is not optional');
    return { kind: 'list', optional: false, item };
  }
  if (typeof spec !== 'object' || spec === null)
    throw badSpec(path, spec, 'a kind, list or object');
  const fields = Object.entries(spec).map(([name, field]) => {
    if (name === '__proto__') throw badSpec(`${path}.${name}`, name, 'another name');
    return { name, node: parseNode(field, `${path}.${name}`, depth + 1) };
  });
  return { kind: 'object', optional: false, fields };
}

function parseScalar(spec: string, path: string): ShapeNode {
  const optional = spec.endsWith('?');
  const kind = optional ? spec.slice(0, -1) : spec;
  if (!SCALARS.includes(kind)) throw badSpec(path, spec, `one of ${SCALARS.join(', ')}`);
  return { kind: kind as ScalarKind, optional };
}

function badSpec(path: string, got: unknown, expected: string): Error {
  return runtimeError(
    'RM_PAYLOAD_SHAPE',
    `${path} is declared as ${String(got)}, expected ${expected}; correct the declaration.`,
    { path, got: String(got), expected },
  );
}
