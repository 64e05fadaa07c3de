/** A codec of refs for tests without any. */
import type { RefCodec } from '../../../src/runtime/codec/index.ts';

/** For links over which no reference travels. */
export const NO_REFS: RefCodec = {
  isRef: () => false,
  write: () => [],
  read: () => {
    throw new TypeError('no references travel here');
  },
};
