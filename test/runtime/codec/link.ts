/**
 * An encoder and a decoder as a link joins them: announcements learnt at once, bytes copied into a
 * place of a shared ring. Tests of the codec send payloads through it. It moves no record.
 */
import {
  PayloadDecoder,
  PayloadEncoder,
  type RefCodec,
  Shape,
  type ShapeOf,
  type ShapeSpec,
} from '../../../src/runtime/codec/index.ts';
import { interpretCodec } from '../../../src/runtime/codec/shape-interpreter.ts';
import { planShape } from '../../../src/runtime/codec/shape-plan.ts';
import { NO_REFS } from './no-refs.ts';

const BYTES_MAX = 1 << 20;
const AT = 64;

export type Sent = { form: number; bytes: Uint8Array };

export class CodecLink {
  readonly definitions: Uint8Array[] = [];
  readonly encoder: PayloadEncoder;
  readonly decoder: PayloadDecoder;

  constructor(refs: RefCodec = NO_REFS, bytesMax: number = BYTES_MAX) {
    this.decoder = new PayloadDecoder({ refs });
    this.encoder = new PayloadEncoder({
      announce: (definition) => {
        this.definitions.push(definition);
        this.decoder.learn(definition);
      },
      refs,
      bytesMax,
    });
  }

  encode<T>(payload: T, shape?: Shape<T>): Sent {
    const { encoder } = this;
    const form =
      shape === undefined ? encoder.encode(payload) : encoder.encodeShape(payload, shape);
    return { form, bytes: encoder.bytes.slice(0, encoder.length) };
  }

  /** `offset` moves the bytes off their alignment. */
  decode({ form, bytes }: Sent, shape?: Shape, offset = 0): unknown {
    const ring = new Uint8Array(new SharedArrayBuffer(bytes.length + AT * 2 + 8));
    ring.set(bytes, AT + offset);
    const value = this.decoder.decode(form, ring, AT + offset, bytes.length, shape);
    // A view of the ring that was handed out would change with it.
    ring.fill(0xff);
    return value;
  }

  send<T>(payload: T, shape?: Shape<T>, offset = 0): unknown {
    return this.decode(this.encode(payload, shape), shape as Shape | undefined, offset);
  }
}

/** A shape with the codec that is used where generating code is forbidden. */
export function interpretedShape<const S extends ShapeSpec>(spec: S): Shape<ShapeOf<S>> {
  const plan = planShape(spec);
  return new Shape<ShapeOf<S>>(plan, interpretCodec(plan));
}
