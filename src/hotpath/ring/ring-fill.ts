/**
 * How full a ring is, for whoever watches it from outside: neither producer nor consumer, on any
 * thread. A look only: by the time it is read, both sides have moved on.
 */
import type { Mem } from '../mem.ts';
import { readHeader } from './ring-header.ts';
import {
  CONTROL_HEAD_WORD,
  CONTROL_TAIL_WORD,
  DATA_HEAD_WORD,
  DATA_TAIL_WORD,
} from './ring-layout.ts';

/** Bytes that wait in each lane, and what the lanes hold. */
export type RingFill = {
  readonly data: number;
  readonly dataBytes: number;
  readonly control: number;
  readonly controlBytes: number;
};

/** @throws RM_RING_INVALID when the span is no ring. */
export function ringFill(mem: Mem): RingFill {
  const { dataBytes, controlBytes } = readHeader(mem);
  const data = (mem.load(DATA_TAIL_WORD) - mem.load(DATA_HEAD_WORD)) | 0;
  const control = (mem.load(CONTROL_TAIL_WORD) - mem.load(CONTROL_HEAD_WORD)) | 0;
  // The head is read later, so it may have passed the tail that was seen.
  return { data: Math.max(0, data), dataBytes, control: Math.max(0, control), controlBytes };
}
