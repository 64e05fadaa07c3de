/**
 * What a record of a ring between two threads means. The record's kind holds the frame's type, the
 * payload's form and whether chunks came before it; its bytes begin with a header of 32-bit words
 * that the type fixes.
 *
 *   kind   bit 13 … 11   bit 10    bit 9 … 4   bit 3 … 0
 *        │ 0           │ chunked │ type      │ form      │
 *
 *   type          │ header words                                        │ then
 *   TELL          │ index, generation, name, 0                          │ payload
 *   ASK SEND      │ index, generation, name, slot, use, milliseconds    │ payload
 *   STREAM        │ as ASK                                              │ payload
 *   REPLY REFUSAL │ slot, use                                           │ value, error
 *   OPENED ITEM   │ slot, use, stream, 0 / slot, use                    │ –, value
 *   GRANT CANCEL  │ stream, items                                       │ –
 *   DOWN          │ watch, reason                                       │ error
 *   CONTROL       │ –                                                   │ packed system message
 *   NAME          │ number                                              │ text of a message's name
 *   STRUCTURE     │ –                                                   │ what the encoder announced
 *   CHUNK         │ –                                                   │ part of the next frame's payload
 *
 * TELL's header is padded to 16 bytes so that a number behind it is 8-aligned. NAME, STRUCTURE and
 * CONTROL travel in the control lane, which overtakes the data lane and is never overtaken by it;
 * all others in the data lane.
 */
import { assert } from '../../hotpath/index.ts';
import { FORM_MAX } from '../codec/index.ts';

export const TELL = 1;
export const ASK = 2;
export const SEND = 3;
export const STREAM = 4;
export const REPLY = 5;
export const REFUSAL = 6;
export const OPENED = 7;
export const ITEM = 8;
export const GRANT = 9;
export const CANCEL = 10;
export const DOWN = 11;
export const CONTROL = 12;
export const NAME = 13;
export const STRUCTURE = 14;
export const CHUNK = 15;

export const TYPE_SHIFT = 4;
export const TYPE_MASK = 0x3f;
export const FORM_MASK = 0x0f;
export const CHUNKED: number = 1 << 10;

export const TELL_HEADER_BYTES = 16;
export const ASK_HEADER_BYTES = 24;
export const REPLY_HEADER_BYTES = 8;
export const NAME_HEADER_BYTES = 4;

assert(FORM_MAX <= FORM_MASK, 'forms fit the kind');

/** Bytes of the data lane of a ring between two threads: 8,192 of the smallest messages. */
export const DATA_LANE_BYTES = 262_144;
/** Bytes of the control lane. What does not fit waits at the sender. */
export const CONTROL_LANE_BYTES = 65_536;
/** Largest record; longer payloads travel in chunks. */
export const RECORD_BYTES_MAX = 32_768;
/** Largest payload of all; above, RM_PAYLOAD_TOO_LARGE. */
export const PAYLOAD_BYTES_MAX = 67_108_864;

/** Kind of a frame. */
export function kindOf(type: number, form: number): number {
  return (type << TYPE_SHIFT) | form;
}

/** Type of a message whose sender wants that. */
export function questionType(wants: 'value' | 'stream' | 'receipt'): number {
  if (wants === 'value') return ASK;
  return wants === 'stream' ? STREAM : SEND;
}

/** Bytes of the header of each type. */
export function headerBytes(type: number): number {
  switch (type) {
    case TELL:
    case OPENED:
      return TELL_HEADER_BYTES;
    case ASK:
    case SEND:
    case STREAM:
      return ASK_HEADER_BYTES;
    case NAME:
      return NAME_HEADER_BYTES;
    case CONTROL:
    case STRUCTURE:
    case CHUNK:
      return 0;
    default:
      return REPLY_HEADER_BYTES;
  }
}
