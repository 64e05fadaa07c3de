/**
 * The decoding kernels over the memory of requests. Called by request-decoder.ts. It only passes
 * addresses; what they mean, kernel/decode.ts says, and plain-snappy.ts and plain-walk.ts.
 */
import { KERNEL_BYTES } from './kernels.generated.ts';

/** The exports of the module that scripts/build-kernels.mjs compiles. Addresses and counts. */
export interface DecodeKernels {
  decompress(source: number, sourceBytes: number, target: number, targetMax: number): number;
  walk(...words: number[]): number;
}

/** Whether this engine has WebAssembly with vectors and threads. */
export function hasWasmDecoder(): boolean {
  return typeof WebAssembly !== 'undefined' && WebAssembly.validate(KERNEL_BYTES);
}

/** The kernels over a memory; about 3 KiB, compiled in place. */
export function wasmDecoder(memory: WebAssembly.Memory): DecodeKernels {
  const module = new WebAssembly.Module(KERNEL_BYTES);
  return new WebAssembly.Instance(module, { env: { memory } }).exports as DecodeKernels;
}
