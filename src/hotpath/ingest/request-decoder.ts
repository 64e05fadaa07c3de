/**
 * Decodes write requests of Prometheus remote write 1.0: a snappy block with a protobuf message becomes
 * columns of series and samples in the request's slot, without an object for any of them. Used by the
 * receiver's thread. It looks no series up and judges no name: series-shard.ts does.
 */
import { RingmasterError } from '../errors.ts';
import { encodeUtf8, UTF8_BYTES_PER_UNIT_MAX } from '../hash/utf8.ts';
import { DECODE_STATUS, type DecodeFault, faultOf } from './decode-status.ts';
import { labelHash } from './label-hash.ts';
import { plainDecompress } from './plain-snappy.ts';
import { plainWalk } from './plain-walk.ts';
import { HEAD_WORD, SLACK_BYTES } from './request-layout.ts';
import type { RequestMemory, SlotViews } from './request-memory.ts';
import { type DecodeKernels, hasWasmDecoder, wasmDecoder } from './wasm-decode.ts';

/** What became of a body. */
export type Decoding =
  | {
      readonly kind: 'decoded';
      readonly series: number;
      readonly samples: number;
      readonly exemplars: number;
      readonly histograms: number;
      readonly metadata: number;
      /** Bytes of it, decompressed. */
      readonly requestBytes: number;
    }
  /** `at`: byte of the decompressed request where it was not understood; 0 for a body that is no block. */
  | { readonly kind: 'refused'; readonly fault: DecodeFault; readonly at: number };

/** Bytes of a tenant's name. */
export const TENANT_NAME_BYTES_MAX = 256;

/** One thread: the one that writes the slots. */
export class RequestDecoder {
  private readonly memory: RequestMemory;
  private readonly kernels: DecodeKernels | null;

  /** @throws RM_INGEST_OPTION for `wasm` where there is none */
  constructor(memory: RequestMemory, use?: 'wasm' | 'plain') {
    this.memory = memory;
    const shared = memory.handle.memory;
    const isWasm = hasWasmDecoder() && shared instanceof WebAssembly.Memory;
    if (use === 'wasm' && !isWasm) {
      const message = "decoder 'wasm' without shared WebAssembly memory; leave the option out.";
      throw new RingmasterError('RM_INGEST_OPTION', message);
    }
    this.kernels = isWasm && use !== 'plain' ? wasmDecoder(shared) : null;
  }

  /** Whose the request of a slot is; before `decode`. At most `TENANT_NAME_BYTES_MAX` bytes. */
  setTenant(slot: SlotViews, tenant: string): void {
    const bytes = new Uint8Array(tenant.length * UTF8_BYTES_PER_UNIT_MAX);
    const length = encodeUtf8(tenant, bytes, 0);
    if (length === 0) slot.head.fill(0, HEAD_WORD.tenant, HEAD_WORD.tenant + 4);
    else labelHash(this.memory.key, bytes, 0, length, slot.head, HEAD_WORD.tenant);
  }

  /** Decodes the first `bodyBytes` of the slot's body into its columns. */
  decode(slot: SlotViews, bodyBytes: number): Decoding {
    const { limits, layout } = slot;
    const requestBytes =
      this.kernels === null
        ? plainDecompress(slot.body.subarray(0, bodyBytes), slot.request, limits.requestBytesMax)
        : this.kernels.decompress(
            layout.bodyAt,
            bodyBytes,
            layout.requestAt,
            limits.requestBytesMax,
          );
    if (requestBytes < 0) return { kind: 'refused', fault: faultOf(requestBytes), at: 0 };
    return this.walk(slot, requestBytes);
  }

  /** The walk alone, over a request that lies in the slot already. */
  walk(slot: SlotViews, requestBytes: number): Decoding {
    const { limits, layout, head } = slot;
    const status =
      this.kernels === null
        ? plainWalk(slot, requestBytes)
        : this.kernels.walk(
            layout.headAt,
            layout.requestAt,
            requestBytes,
            layout.seriesAt,
            layout.timesAt,
            layout.valuesAt,
            limits.seriesMax,
            limits.samplesMax,
            limits.labelsMax,
          );
    if (status !== DECODE_STATUS.decoded) {
      const at = head[HEAD_WORD.errorAt] as number;
      return { kind: 'refused', fault: faultOf(status), at };
    }
    return {
      kind: 'decoded',
      series: head[HEAD_WORD.series] as number,
      samples: head[HEAD_WORD.samples] as number,
      exemplars: head[HEAD_WORD.exemplars] as number,
      histograms: head[HEAD_WORD.histograms] as number,
      metadata: head[HEAD_WORD.metadata] as number,
      requestBytes,
    };
  }

  /** Bytes that a body may take in its slot. */
  static roomOf(slot: SlotViews): number {
    return slot.body.length - SLACK_BYTES;
  }
}
