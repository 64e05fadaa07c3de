/**
 * Declared shapes: a payload whose fields are known beforehand travels as fields at fixed places,
 * several times faster than packed, and is checked at the sender. Users declare one beside a
 * message; the payload codec calls write and read.
 *
 * A declaration on both sides is the agreement; its fingerprint travels in front, so that two
 * versions of it are an error and never a misreading. Undeclared fields are an error, too: they
 * would be lost.
 */
import { runtimeError } from '../errors.ts';
import { generateCodec, isGenerationAllowed } from './shape-generator.ts';
import { interpretCodec } from './shape-interpreter.ts';
import { explainMisfit } from './shape-misfit.ts';
import { planShape, type ShapePlan } from './shape-plan.ts';
import type { ShapeSource } from './shape-source.ts';
import { MISFIT, type ShapeTarget } from './shape-target.ts';

/**
 * What a field can be declared as: text, boolean, whole numbers of a range (`int`: up to 2^53 - 1),
 * any number, bytes (arrive as a Uint8Array).
 */
export type ShapeScalar = 'str' | 'bool' | 'u8' | 'u16' | 'u32' | 'i32' | 'int' | 'f64' | 'bytes';

/** A field: a scalar, one that may be undefined (`'str?'`), a list of one kind, or fields again. */
export type ShapeField = ShapeScalar | `${ShapeScalar}?` | ShapeSpec | readonly [ShapeItem];

/** The items of a list: as a field, but not optional. */
export type ShapeItem = ShapeScalar | ShapeSpec | readonly [ShapeItem];

/** A declaration: names and fields, in the order in which they travel. */
export type ShapeSpec = { readonly [name: string]: ShapeField };

type ScalarValue<S> = S extends 'str'
  ? string
  : S extends 'bool'
    ? boolean
    : S extends 'bytes'
      ? Uint8Array
      : number;

type FieldValue<F> = F extends `${infer S}?`
  ? ScalarValue<S> | undefined
  : F extends string
    ? ScalarValue<F>
    : F extends readonly [infer Item]
      ? FieldValue<Item>[]
      : { -readonly [K in keyof ShapeOf<F>]: ShapeOf<F>[K] };

type OptionalNames<S> = { [K in keyof S]: S[K] extends `${string}?` ? K : never }[keyof S];

/** The type of the payload that a declaration describes. */
export type ShapeOf<S> = {
  -readonly [K in Exclude<keyof S, OptionalNames<S>>]: FieldValue<S[K]>;
} & { -readonly [K in OptionalNames<S>]?: FieldValue<S[K]> };

/** Writes and reads one shape: generated, or interpreted where generating code is forbidden. */
export type ShapeCodec = {
  /**
   * Writes into the target; returns the bytes written. Throws MISFIT for a payload of another
   * shape.
   */
  readonly write: (payload: unknown, target: ShapeTarget) => number;
  /** Reads from the source. Throws anything for bytes of another shape. */
  readonly read: (source: ShapeSource) => unknown;
};

/** A declared shape. Immutable but for its codec, which is made at the first use on a thread. */
export class Shape<T = unknown> {
  /** Names the declaration in the bytes; equal declarations in equal order have equal ones. */
  readonly fingerprint: number;
  private readonly plan: ShapePlan;
  private codec: ShapeCodec | null;
  /** Never assigned: carries the type of the payload. */
  declare readonly payload: T;

  constructor(plan: ShapePlan, codec: ShapeCodec | null) {
    this.fingerprint = plan.fingerprint;
    this.plan = plan;
    this.codec = codec;
  }

  /**
   * Writes a payload from byte 0 of the target and returns the bytes written.
   * @throws RM_PAYLOAD_SHAPE with the path to the field that is not as declared.
   */
  write(payload: T, target: ShapeTarget): number {
    const codec = this.codec ?? this.open();
    try {
      return codec.write(payload, target);
    } catch (error) {
      throw error === MISFIT ? explainMisfit(this.plan, payload) : error;
    }
  }

  /** The payload in the source. @throws RM_PAYLOAD_CORRUPT, and nothing else. */
  read(source: ShapeSource): T {
    const codec = this.codec ?? this.open();
    try {
      return codec.read(source) as T;
    } catch (error) {
      throw corrupt(this.plan, source, error);
    }
  }

  private open(): ShapeCodec {
    this.codec = isGenerationAllowed() ? generateCodec(this.plan) : interpretCodec(this.plan);
    return this.codec;
  }
}

/**
 * Declares a shape: `shape({ sku: 'str', qty: 'u32', tags: ['str'], at: { x: 'f64' }, note: 'str?'
 * })`. An optional field that is absent arrives as present and undefined. Minus zero in a
 * whole-number field other than `int` arrives as zero. A getter inside a list must not send a
 * message itself.
 * @throws RM_PAYLOAD_SHAPE for a declaration that is none.
 */
export function shape<const S extends ShapeSpec>(spec: S): Shape<ShapeOf<S>> {
  return new Shape<ShapeOf<S>>(planShape(spec), null);
}

function corrupt(plan: ShapePlan, source: ShapeSource, cause: unknown): Error {
  const got = source.fingerprint();
  const isOther = got !== plan.fingerprint;
  const message = isOther
    ? `a payload of shape ${got}, expected ${plan.fingerprint}; ` +
      'two versions of the definition are loaded, restart the threads with one of them.'
    : 'a payload of a declared shape whose bytes cannot be read; the memory between threads is damaged.';
  return runtimeError('RM_PAYLOAD_CORRUPT', message, { got, expected: plan.fingerprint }, cause);
}
