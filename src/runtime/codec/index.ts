/**
 * The codec's door, for links and for development mode. What users see of it, `shape`, goes on
 * through the runtime's door.
 */
export {
  appendStack,
  thrownRecord,
} from './error-record.ts';
export * from './forms.ts';
export { cloneForLocal } from './local-copy.ts';
export type { RefCodec } from './marks.ts';
export { PayloadDecoder } from './payload-decoder.ts';
export { PayloadEncoder } from './payload-encoder.ts';
export {
  Shape,
  type ShapeField,
  type ShapeItem,
  type ShapeOf,
  type ShapeScalar,
  type ShapeSpec,
  shape,
} from './shape.ts';
