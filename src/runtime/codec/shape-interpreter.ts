/**
 * Follows a shape's plan step by step: what runs where code may not be generated from strings, and
 * the plain reading of what the generator writes out. Both give identical bytes.
 */
import type { ShapeCodec } from './shape.ts';
import type { ShapeLeaf, ShapeNode, ShapePlan } from './shape-plan.ts';
import type { ShapeSource } from './shape-source.ts';
import { checkNames, isNumberOf, MISFIT, type ShapeTarget } from './shape-target.ts';

/** A codec that interprets the plan. */
export function interpretCodec(plan: ShapePlan): ShapeCodec {
  return {
    write: (payload, target) => write(plan, payload, target),
    read: (source) => read(plan, source),
  };
}

function write(plan: ShapePlan, payload: unknown, target: ShapeTarget): number {
  const values: unknown[] = [];
  gather(plan.root, payload, values);
  target.reserve(0, plan.fixedBytes);
  target.bytes.fill(0, 0, plan.fixedBytes);
  target.u32[0] = plan.fingerprint;
  target.at = plan.fixedBytes;
  plan.leaves.forEach((leaf, index) => {
    const value = values[index];
    const isThere = !leaf.node.optional || value !== undefined;
    if (leaf.presenceBit >= 0 && isThere) setBit(target, leaf.presenceBit);
    if (isThere) writeLeaf(leaf, value, target);
  });
  return target.at;
}

/** The leaves' values in order, read once each. */
function gather(node: ShapeNode, value: unknown, values: unknown[]): void {
  if (node.kind !== 'object') {
    values.push(value);
    return;
  }
  if (typeof value !== 'object' || value === null) throw MISFIT;
  checkNames(node, value);
  for (const field of node.fields) {
    gather(field.node, (value as Record<string, unknown>)[field.name], values);
  }
}

function writeLeaf(leaf: ShapeLeaf, value: unknown, target: ShapeTarget): void {
  const { kind } = leaf.node;
  if (kind === 'bool') {
    if (typeof value !== 'boolean') throw MISFIT;
    if (value) setBit(target, leaf.valueBit);
  } else if (leaf.slot < 0) {
    // Presence is a bit here, so the piece itself is written as one that must be there.
    target.value({ ...leaf.node, optional: false } as ShapeNode, value);
  } else {
    if (!isNumberOf(kind, value)) throw MISFIT;
    viewOf(target, kind)[leaf.slot] = value;
  }
}

function setBit(target: ShapeTarget, bit: number): void {
  const word = 1 + (bit >> 5);
  target.u32[word] = (target.u32[word] as number) | (1 << (bit & 31));
}

type NumberView = Float64Array | Uint32Array | Int32Array | Uint16Array | Uint8Array;

function viewOf(memory: ShapeTarget | ShapeSource, kind: string): NumberView {
  switch (kind) {
    case 'u8':
      return memory.bytes;
    case 'u16':
      return memory.u16;
    case 'u32':
      return memory.u32;
    case 'i32':
      return memory.i32;
    default:
      return memory.f64;
  }
}

function read(plan: ShapePlan, source: ShapeSource): unknown {
  const { start } = source;
  if (source.end - start < plan.fixedBytes || source.u32[start >> 2] !== plan.fingerprint) {
    throw new RangeError('another shape');
  }
  source.at = start + plan.fixedBytes;
  const values = plan.leaves.map((leaf) => readLeaf(leaf, source));
  if (source.at !== source.end) throw new RangeError('bytes left over');
  return assemble(plan.root, values.values());
}

function readLeaf(leaf: ShapeLeaf, source: ShapeSource): unknown {
  const { kind } = leaf.node;
  if (leaf.presenceBit >= 0 && !hasBit(source, leaf.presenceBit)) return undefined;
  if (kind === 'bool') return hasBit(source, leaf.valueBit);
  if (leaf.slot < 0) return source.value({ ...leaf.node, optional: false } as ShapeNode);
  const view = viewOf(source, kind);
  return view[source.start / view.BYTES_PER_ELEMENT + leaf.slot];
}

function hasBit(source: ShapeSource, bit: number): boolean {
  const word = source.u32[(source.start >> 2) + 1 + (bit >> 5)] as number;
  return ((word >>> (bit & 31)) & 1) === 1;
}

function assemble(node: ShapeNode, values: Iterator<unknown>): unknown {
  if (node.kind !== 'object') return values.next().value;
  const object: Record<string, unknown> = {};
  for (const field of node.fields) object[field.name] = assemble(field.node, values);
  return object;
}
