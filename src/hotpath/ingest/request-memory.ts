/**
 * The memory that write requests are decoded in, as typed arrays: made by whoever owns the threads, handed
 * to receiver and aggregators when they are spawned, and alive for as long as any of them. It holds the
 * secret key of the hash, so that series keep theirs over crashes. It decodes nothing.
 */
import { RingmasterError } from '../errors.ts';
import {
  BLOCK_BYTES,
  FINISH_BYTES,
  KEY_AT,
  KEY_BYTES,
  MASK_AT,
  type RequestLayout,
  type RequestLimits,
  requestLayout,
  SERIES_WORDS,
  type SlotLayout,
} from './request-layout.ts';
import { hasWasmDecoder } from './wasm-decode.ts';

/** Random bytes that `RequestMemory.create` wants. */
export const SECRET_BYTES: number = KEY_BYTES + FINISH_BYTES;

/** What is decided when it is made. */
export type RequestMemoryOptions = {
  readonly limits: RequestLimits;
  /** Requests that are worked on at once. 1 to 64. */
  readonly slots: number;
  /** `SECRET_BYTES` of chance. */
  readonly secret: Uint8Array;
};

/** What another thread needs to attach. Survives structured cloning, when a thread or an actor starts. */
export type RequestMemoryHandle = {
  readonly memory: { readonly buffer: SharedArrayBuffer };
  readonly limits: RequestLimits;
  readonly slots: number;
};

/** One slot as typed arrays, with what all of them have in common. */
export type SlotViews = {
  readonly layout: SlotLayout;
  readonly limits: RequestLimits;
  readonly head: Uint32Array;
  /** With slack; its use is `bodyBytesMax`. */
  readonly body: Uint8Array;
  readonly request: Uint8Array;
  readonly series: Uint32Array;
  readonly times: Float64Array;
  readonly values: Float64Array;
  /** The secret of the hash, by words. */
  readonly key: Uint32Array;
};

/** Any thread may hold one; which may write what, request-layout.ts says. */
export class RequestMemory {
  readonly handle: RequestMemoryHandle;
  readonly layout: RequestLayout;
  readonly key: Uint32Array;
  readonly slots: readonly SlotViews[];

  private constructor(handle: RequestMemoryHandle) {
    this.handle = handle;
    this.layout = requestLayout(handle.limits, handle.slots);
    const { buffer } = handle.memory;
    this.key = new Uint32Array(buffer, KEY_AT, (KEY_BYTES + FINISH_BYTES) / 4);
    this.slots = this.layout.slots.map((slot) => ({
      layout: slot,
      limits: handle.limits,
      head: new Uint32Array(buffer, slot.headAt, 32),
      body: new Uint8Array(buffer, slot.bodyAt, slot.requestAt - slot.bodyAt),
      request: new Uint8Array(buffer, slot.requestAt, slot.seriesAt - slot.requestAt),
      series: new Uint32Array(buffer, slot.seriesAt, SERIES_WORDS * handle.limits.seriesMax),
      times: new Float64Array(buffer, slot.timesAt, handle.limits.samplesMax),
      values: new Float64Array(buffer, slot.valuesAt, handle.limits.samplesMax),
      key: this.key,
    }));
  }

  /** @throws RM_INGEST_OPTION for a limit, a number of slots, a secret or names out of range */
  static create(options: RequestMemoryOptions): RequestMemory {
    const { limits, slots, secret } = options;
    for (const [name, value] of Object.entries({ ...limits, slots })) {
      const max = MAXIMA[name as keyof typeof MAXIMA];
      if (!Number.isInteger(value) || value < 1 || value > max) {
        throw bad(`${name} is ${value}, expected an integer from 1 to ${max}`);
      }
    }
    if (secret.length !== SECRET_BYTES) {
      throw bad(`the secret has ${secret.length} bytes, expected ${SECRET_BYTES} random ones`);
    }
    const { byteLength } = requestLayout(limits, slots);
    if (byteLength > BYTES_MAX) {
      throw bad(`${slots} slots take ${byteLength} bytes, expected at most ${BYTES_MAX}`);
    }
    const memory = new RequestMemory({ memory: allocate(byteLength), limits, slots });
    const bytes = new Uint8Array(memory.handle.memory.buffer);
    bytes.set(secret, KEY_AT);
    bytes.fill(0xff, MASK_AT, MASK_AT + BLOCK_BYTES);
    return RequestMemory.attach(memory.handle);
  }

  /** @throws RM_INGEST_OPTION when the handle's memory is not as large as its limits say */
  static attach(handle: RequestMemoryHandle): RequestMemory {
    const { byteLength } = requestLayout(handle.limits, handle.slots);
    const got = handle.memory.buffer.byteLength;
    if (got !== byteLength) throw bad(`memory has ${got} bytes, expected ${byteLength}`);
    return new RequestMemory(handle);
  }
}

const BYTES_MAX = 2 ** 31;
/** Of each limit, whatever is asked for; products of them stay below what 32 bits address. */
const MAXIMA: Readonly<Record<keyof RequestLimits | 'slots', number>> = {
  bodyBytesMax: 2 ** 28,
  requestBytesMax: 2 ** 29,
  seriesMax: 2 ** 22,
  samplesMax: 2 ** 24,
  labelsMax: 2 ** 10,
  slots: 64,
};

function allocate(byteLength: number): RequestMemoryHandle['memory'] {
  if (!hasWasmDecoder()) return { buffer: new SharedArrayBuffer(byteLength) };
  const pages = byteLength / 65_536;
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
}

function bad(problem: string): RingmasterError {
  return new RingmasterError('RM_INGEST_OPTION', `${problem}.`);
}
